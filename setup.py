"""The optional C kernels: without a compiler the install succeeds, and the engine says that it runs on scipy."""

from setuptools import Extension, setup

setup(
    ext_modules=[
        Extension(
            "validate.kernels._spmm",
            sources=["validate/kernels/spmm.c"],
            extra_compile_args=["-O3", "-std=gnu11", "-fno-math-errno"],
            optional=True,
        )
    ]
)
