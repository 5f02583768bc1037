"""How long sparse products, convolutions and models take beside dense ones and other libraries, all measured."""
