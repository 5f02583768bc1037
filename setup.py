"""The optional C kernels: without a compiler the install succeeds, and the engine says that it runs on scipy."""

from setuptools import Extension, setup

KERNELS = "validate/kernels/"
SOURCES = ("convolve", "isa", "lines", "micro_avx2", "micro_avx512", "micro_portable", "pixels", "pool", "spmm", "spmv")
HEADERS = ("micro.h", "micro_convolve.h", "micro_spmv.h", "pool.h", "spmm.h")

setup(
    ext_modules=[
        Extension(
            "validate.kernels._spmm",
            sources=[f"{KERNELS}{name}.c" for name in SOURCES],
            depends=[f"{KERNELS}{name}" for name in HEADERS],
            extra_compile_args=["-O3", "-std=gnu11", "-fno-math-errno", "-fvisibility=hidden", "-g0", "-pthread"],
            extra_link_args=["-pthread"],
            optional=True,
        )
    ]
)
