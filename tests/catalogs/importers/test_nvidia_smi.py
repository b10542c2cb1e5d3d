"""Every form in which nvidia-smi says what there is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogs.importers.nvidia_smi import MIB, Reading, parse
from engine.errors import FieldError

H100 = Reading(name="NVIDIA H100 80GB HBM3", total_bytes=81559 * MIB, used_bytes=1024 * MIB)

CSV = "name, memory.total [MiB], memory.used [MiB]\nNVIDIA H100 80GB HBM3, 81559 MiB, 1024 MiB\n"
CASES = [
    (CSV, [H100]),
    ("NVIDIA H100 80GB HBM3, 81559 MiB, 1024 MiB\n", [H100]),
    ("NVIDIA H100 80GB HBM3, 81559, 1024\n", [H100]),
    ("0, NVIDIA H100 80GB HBM3, 81559, 1024\n", [H100]),
    (
        "index, name, memory.used [MiB], memory.total [MiB]\n3, NVIDIA H100 80GB HBM3, 1024 MiB, 81559 MiB\n",
        [H100],
    ),
    (
        "name, memory.total [MiB], memory.used [MiB], memory.reserved [MiB], mig.mode.current\n"
        "NVIDIA A100-SXM4-80GB, 81920 MiB, 0 MiB, 635 MiB, Enabled\n",
        [
            Reading(
                name="NVIDIA A100-SXM4-80GB", total_bytes=81920 * MIB, used_bytes=0, reserved_bytes=635 * MIB, mig=True
            )
        ],
    ),
    (
        "NVIDIA A100-SXM4-80GB, 81920, 10, 635, Disabled\n",
        [Reading(name="NVIDIA A100-SXM4-80GB", total_bytes=81920 * MIB, used_bytes=10 * MIB, reserved_bytes=635 * MIB)],
    ),
    ("NVIDIA GB10, [N/A], [N/A]\n", [Reading(name="NVIDIA GB10")]),
    (
        "name, memory.total [MiB], memory.used [MiB]\nNVIDIA GB10, [N/A], [Not Supported]\n",
        [Reading(name="NVIDIA GB10")],
    ),
    # a comma in a name: split from the right
    ("Odd, Inc. GPU, 24564 MiB, 5 MiB\n", [Reading(name="Odd, Inc. GPU", total_bytes=24564 * MIB, used_bytes=5 * MIB)]),
    # what a driver says of a field it does not know comes before the second try
    (f'Field "memory.reserved" is not a valid field to query.\n{CSV}', [H100]),
    # hl-smi of Gaudi
    (
        "name, memory.total [MiB], memory.used [MiB]\nHL-225, 98304 MiB, 768 MiB\n",
        [Reading(name="HL-225", total_bytes=98304 * MIB, used_bytes=768 * MIB)],
    ),
    (
        "GPU 0: NVIDIA A100-SXM4-40GB (UUID: GPU-5d5ba0d6)\n"
        "  MIG 3g.20gb     Device  0: (UUID: MIG-c7384736)\n"
        "  MIG 1g.5gb      Device  1: (UUID: MIG-a28ad590)\n"
        "GPU 1: NVIDIA L4 (UUID: GPU-aa)\n",
        [
            Reading(name="NVIDIA A100-SXM4-40GB", mig=True, slices=("3g.20gb", "1g.5gb")),
            Reading(name="NVIDIA L4"),
        ],
    ),
]


@pytest.mark.parametrize(("text", "found"), CASES, ids=range(len(CASES)))
def test_lists(text, found):
    assert list(parse(text)) == found
    assert list(parse(text.replace("\n", "\r\n"))) == found


TABLE = """\
Wed Nov 25 05:00:00 2026
+-----------------------------------------------------------------------------------------+
| NVIDIA-SMI 570.86.15              Driver Version: 570.86.15      CUDA Version: 12.8     |
|-----------------------------------------+------------------------+----------------------+
| GPU  Name                 Persistence-M | Bus-Id          Disp.A | Volatile Uncorr. ECC |
| Fan  Temp   Perf          Pwr:Usage/Cap |           Memory-Usage | GPU-Util  Compute M. |
|                                         |                        |               MIG M. |
|=========================================+========================+======================|
|   0  NVIDIA H100 80GB HBM3          On  |   00000000:0F:00.0 Off |                    0 |
| N/A   30C    P0             71W /  700W |    1024MiB /  81559MiB |      0%      Default |
|                                         |                        |             Disabled |
+-----------------------------------------+------------------------+----------------------+
|   1  NVIDIA RTX PRO 6000 Blac...    Off |   00000000:2D:00.0 Off |                  Off |
| 30%   28C    P8              4W /  600W |       2MiB /  97887MiB |      0%      Default |
|                                         |                        |                  N/A |
+-----------------------------------------+------------------------+----------------------+
|   2  NVIDIA GB10                    On  |   0000000F:01:00.0 Off |                  N/A |
| N/A   40C    P8              4W /  N/A  |      Not Supported     |      0%      Default |
+-----------------------------------------+------------------------+----------------------+

+-----------------------------------------------------------------------------------------+
| Processes:                                                                              |
|  GPU   GI   CI              PID   Type   Process name                        GPU Memory |
|=========================================================================================|
|    0   N/A  N/A            1234      C   /usr/bin/python3                       1014MiB |
+-----------------------------------------------------------------------------------------+
"""


def test_the_table_for_people():
    assert list(parse(TABLE)) == [
        H100,
        Reading(name="NVIDIA RTX PRO 6000 Blac", total_bytes=97887 * MIB, used_bytes=2 * MIB, cut=True),
        Reading(name="NVIDIA GB10"),
    ]


OLD = """\
| NVIDIA-SMI 470.57.02    Driver Version: 470.57.02    CUDA Version: 11.4     |
|===============================+======================+======================|
|   0  Tesla T4            Off  | 00000000:00:1E.0 Off |                    0 |
| N/A   44C    P8     9W /  70W |      3MiB / 15109MiB |      0%      Default |
"""


def test_the_table_of_an_old_driver():
    assert list(parse(OLD)) == [Reading(name="Tesla T4", total_bytes=15109 * MIB, used_bytes=3 * MIB)]


@pytest.mark.parametrize(
    "text", ["", "\n\n", "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.", "a, b, c"]
)
def test_what_names_no_gpu(text):
    with pytest.raises(FieldError, match="is no output of nvidia-smi"):
        parse(text, where="paste")


def test_too_many():
    with pytest.raises(FieldError, match="more than 1,024 GPUs"):
        parse("NVIDIA L4, 23034 MiB, 0 MiB\n" * 1_025)


@given(st.text(alphabet="NVIDIA ,|0123456789MiB[]/.-\n:()UG", max_size=200))
def test_any_text_gives_readings_or_one_line(text):
    said = ""
    found: tuple[Reading, ...] = ()
    try:
        found = parse(text)
    except FieldError as error:
        said = str(error)
    assert "\n" not in said
    assert all(reading.name for reading in found)
