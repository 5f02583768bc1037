"""How a machine is called: two CPUs that differ in speed have two names."""

import pytest

from validate.machine import cpu_name, describe_machine, read_cpuinfo

CPUINFO = """processor\t: 0
vendor_id\t: AuthenticAMD
cpu family\t: 25
model\t\t: 17
model name\t: AMD EPYC
flags\t\t: fpu avx2 avx512f

processor\t: 1
model name\t: another
"""


def test_a_name_without_a_number_has_family_and_model_behind_it():
    assert cpu_name(read_cpuinfo(CPUINFO)) == "AMD EPYC (family 25, model 17)"
    assert cpu_name(read_cpuinfo(CPUINFO.replace(": 25", ": 26"))) == "AMD EPYC (family 26, model 17)"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("model name: AMD EPYC 9654\ncpu family: 25\nmodel: 17", "AMD EPYC 9654"),
        ("model name: Neoverse", "Neoverse"),
        ("", ""),
    ],
)
def test_a_name_with_a_number_or_nothing_known_is_left_as_it_is(text, name):
    assert cpu_name(read_cpuinfo(text)) == name


def test_this_machine_has_a_name_and_cores():
    told = describe_machine()
    assert told["cpu"]
    assert told["cores"] >= 1
