"""SkyPilot's CSV, whose columns and habits differ by cloud."""

import pytest

from catalogs.importers.price_rows import PriceRow, RowError
from catalogs.importers.skypilot import addresses, rows
from engine.errors import FieldError


def read(text, provider="aws"):
    return list(rows(text.strip().splitlines(keepends=True), provider=provider, where="vms.csv"))


def test_columns_in_the_order_of_aws():
    found = read(
        """
InstanceType,AcceleratorName,AcceleratorCount,vCPUs,MemoryGiB,GpuInfo,Price,SpotPrice,Region,AvailabilityZone
p5.48xlarge,H100,8.0,192.0,2048.0,"{'Gpus': [{'Name': 'H100'}]}",55.04,17.6,us-east-1,us-east-1a
m5.large,,,2.0,8.0,,0.1,0.04,us-east-1,us-east-1a
"""
    )
    assert found == [
        PriceRow(
            instance="p5.48xlarge",
            gpu="H100",
            gpus=8,
            region="us-east-1",
            on_demand_usd=55.04,
            spot_usd=17.6,
            vcpus=192,
            ram_gib=2048,
        )
    ]


def test_verda_leaves_the_price_of_what_is_sold_out_blank():
    found = read(
        """
InstanceType,UpstreamCloudId,vCPUs,MemoryGiB,AcceleratorName,AcceleratorCount,GpuInfo,Region,Price,SpotPrice
2B300.60V,2B300.60V,60.0,550.0,B300,2.0,"{""Gpus"": []}",FIN-03,,4.893
2B200.60V,2B200.60V,60.0,368.0,B200,2.0,"{}",FIN-03,,
""",
        "verda",
    )
    assert (found[0].on_demand_usd, found[0].spot_usd) == (None, 4.893)
    assert isinstance(found[1], RowError)


def test_vast_is_a_market_and_its_spot_of_zero_means_none():
    found = read(
        """
InstanceType,AcceleratorName,AcceleratorCount,vCPUs,MemoryGiB,GpuInfo,Price,SpotPrice,Region
1x-H100_SXM-32-65536,H100,1,32,64.0,"{}",1.80,0.00,"Czechia, CZ, EU"
""",
        "vast",
    )
    assert (found[0].kind, found[0].spot_usd, found[0].region) == ("market", None, "Czechia, CZ, EU")


def test_community_machines_are_a_market():
    found = read(
        """
InstanceType,AcceleratorName,AcceleratorCount,vCPUs,MemoryGiB,GpuInfo,Region,SpotPrice,Price,AvailabilityZone
1x_RTX4090_SECURE,RTX4090,1.0,8.0,80.0,x,CA,0.5,0.7,CA-MTL-1
1x_RTX4090_COMMUNITY,RTX4090,1.0,8.0,80.0,x,CA,0.2,0.4,CA-MTL-1
""",
        "runpod",
    )
    assert [row.kind for row in found] == ["rent", "market"]


GCP = """
InstanceType,vCPUs,MemoryGiB,AcceleratorName,AcceleratorCount,GpuInfo,Region,AvailabilityZone,Price,SpotPrice
a3-highgpu-8g,208.0,1872.0,,,,us-central1,us-central1-a,9.46006,2.17547
a2-ultragpu-1g,12.0,170.0,,,,us-central1,us-central1-a,1.09962,0.43983
a4-highgpu-8g,224.0,3968.0,,,,us-central1,us-central1-b,0.0,0.0
n1-standard-8,8.0,30.0,,,,us-central1,us-central1-a,0.38,0.1
,,,H100,8.0,H100,us-central1,us-central1-a,78.4,20.0
,,,A100-80GB,1.0,A100-80GB,us-central1,us-central1-a,3.93,1.57
,,,B200,8.0,B200,us-central1,us-central1-b,90.216,32.6
,,,H100,8.0,H100,us-east5,us-east5-a,78.4,20.0
,,,T4,1.0,T4,us-central1,us-central1-a,0.35,0.14
,,,tpu-v6e-8,1,tpu-v6e-8,us-central1,us-central1-b,21.6,5.18
,,,tpu-v6e-8,1,tpu-v6e-8,us-south1,us-south1-a,700.0,700.0
,,,A100-80GB,1.0,A100-80GB,us-central1,us-central1-a,0.0,1.57
"""


def test_google_prices_the_machine_and_its_accelerators_apart():
    found = read(GCP, "gcp")
    taken = {(row.instance, row.region): row for row in found if isinstance(row, PriceRow)}
    h100 = taken["a3-highgpu-8g", "us-central1"]
    assert h100.on_demand_usd == pytest.approx(87.86006)
    assert h100.spot_usd == pytest.approx(22.17547)
    assert (h100.gpus, h100.ram_gib) == (8, 1872)
    assert taken["a2-ultragpu-1g", "us-central1"].on_demand_usd == pytest.approx(5.02962)
    # the host of an A4 costs nothing in the list
    assert taken["a4-highgpu-8g", "us-central1"].on_demand_usd == pytest.approx(90.216)
    # a slice of eight chips is one row with the count in its name
    assert taken["tpu-v6e-8", "us-central1"].gpus == 8
    refused = sorted(str(row) for row in found if isinstance(row, RowError))
    assert refused == [
        "a price of zero",
        "an accelerator without a machine of its own",
        "no price of the machine around the accelerator",
    ]


def test_another_header():
    with pytest.raises(FieldError, match="has no column AcceleratorName"):
        read("InstanceType,Price\nx,1\n")


def test_the_mirror_comes_last():
    assert [a.split("/")[2] for a in addresses("aws")] == [
        "raw.githubusercontent.com",
        "skypilot-catalog.s3.us-east-1.amazonaws.com",
    ]
