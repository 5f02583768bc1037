"""What a stored network really is: how sparse, in which patterns, how large, how much to compute, how fast here.

``checkpoint`` reads weights without running code, ``patterns`` says what holds for the zeros of one weight, ``sizes``
what formats cost, and ``audit`` puts them together.
"""
