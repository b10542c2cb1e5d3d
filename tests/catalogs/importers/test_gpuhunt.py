"""gpuhunt's CSV."""

import pytest

from catalogs.importers.gpuhunt import catalog_address, rows, version_address
from catalogs.importers.price_rows import PriceRow, RowError
from engine.errors import FieldError

HEADER = (
    "instance_name,location,price,cpu,memory,gpu_count,gpu_name,gpu_memory,spot,disk_size,gpu_vendor,flags,cpu_arch,"
    "provider_data\n"
)


def read(*lines, header=HEADER):
    return list(rows([header, *(line + "\n" for line in lines)], where="aws.csv"))


def test_one_row_is_one_price_of_one_machine():
    found = read(
        'p5.48xlarge,us-east-1,55.04,192,2048.0,8,H100,80.0,False,,nvidia,,x86,"{""a"": 1}"',
        "p5.48xlarge,us-east-1,17.6,192,2048.0,8,H100,80.0,True,,nvidia,,x86,",
    )
    assert found == [
        PriceRow(
            instance="p5.48xlarge", gpu="H100", gpus=8, region="us-east-1", on_demand_usd=55.04, vcpus=192, ram_gib=2048
        ),
        PriceRow(
            instance="p5.48xlarge", gpu="H100", gpus=8, region="us-east-1", spot_usd=17.6, vcpus=192, ram_gib=2048
        ),
    ]


def test_machines_without_a_gpu_are_passed_over():
    assert read("m5.large,us-east-1,0.1,2,8.0,0,,,False,,,,,") == []


def test_old_files_lack_the_later_columns():
    old = "instance_name,location,price,cpu,memory,gpu_count,gpu_name,gpu_memory,spot,disk_size\n"
    assert len(read("g5.xlarge,us-east-1,1.006,4,16.0,1,A10G,24.0,False,", header=old)) == 1


@pytest.mark.parametrize("flags", ["", "gcp-a4", "gcp-g4", "lambda-arm", "oci-spot"])
def test_usual_machines(flags):
    assert isinstance(read(f"x,us-east-1,1.0,4,16.0,1,L4,24.0,False,,nvidia,{flags},,")[0], PriceRow)


@pytest.mark.parametrize(
    "flags", ["gcp-dws-calendar-mode", "gcp-g4-preview", "runpod-cluster", "runpod-cpu", "gcp-a4 something-new"]
)
def test_special_machines_are_refused(flags):
    assert isinstance(read(f"x,us-east-1,1.0,4,16.0,1,L4,24.0,False,,nvidia,{flags},,")[0], RowError)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("x,us-east-1,NaN,4,16.0,1,L4,24.0,False,,,,,", "a price that is no number"),
        ("x,us-east-1,,4,16.0,1,L4,24.0,False,,,,,", "no price"),
        ("x,,1.0,4,16.0,1,L4,24.0,False,,,,,", "no region"),
        ("x,us-east-1,1.0,4,16.0,-1,L4,24.0,False,,,,,", "no number of GPUs"),
        ("x,us-east-1,1.0,4,16.0,1,L4,24.0,maybe,,,,,", "spot that is neither"),
        (",us-east-1,1.0,4,16.0,1,L4,24.0,False,,,,,", "no machine"),
        ("x,us-east-1", "another number of cells"),
    ],
)
def test_rows_that_are_refused(line, said):
    problem = read(line)[0]
    assert isinstance(problem, RowError)
    assert said in str(problem)


def test_another_header():
    with pytest.raises(FieldError, match=r"aws\.csv: has no column location, gpu_count"):
        read(header="instance_name,price,gpu_name,spot\n")


def test_addresses():
    assert version_address("http://x/v3/", "aws") == "http://x/v3/aws/version"
    assert catalog_address("http://x/v3", "aws", "20261109-7") == "http://x/v3/aws/20261109-7/catalog.zip"
