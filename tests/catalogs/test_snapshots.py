"""Snapshots on disk: round trip, the newest, and what a damaged one says."""

import pytest

from catalogs.snapshots import Snapshot, current, previous, read_snapshot, write_snapshot
from engine.errors import FieldError, FileProblemError, UnknownKeyError, WhatfitsError
from engine.hardware import Offer


def snapshot(day="2026-11-25", provider="aws", form="gpuhunt"):
    return Snapshot(
        form=form, provider=provider, address="http://x/y", retrieved=f"{day}T12:00:00+00:00", rejected={"a b": 2}
    )


def offer(name="a", **changes):
    fields = {"provider": "aws", "instance": "i", "gpu": "l4", "gpus": 1, "source": "s", "as_of": "2026-11-25"}
    return Offer(id=name, **(fields | changes))


def test_round_trip(tmp_path):
    offers = (offer("a", on_demand_usd_per_hour=1.5), offer("b", region="x", kind="market"))
    path = write_snapshot(tmp_path / "new" / "folder", snapshot(), offers)
    assert read_snapshot(path) == (snapshot(), offers)
    lines = path.read_text().splitlines()
    assert sum('"id"' in line for line in lines) == 2  # one offer a line
    assert read_snapshot(write_snapshot(tmp_path, snapshot(), ())) == (snapshot(), ())


def test_the_newest_of_each_source_counts(tmp_path):
    for day, provider, form in [
        ("2026-11-25", "aws", "gpuhunt"),
        ("2026-11-03", "aws", "gpuhunt"),
        ("2026-11-01", "aws", "skypilot"),
        ("2026-10-01", "vast", "skypilot"),
    ]:
        write_snapshot(tmp_path, snapshot(day, provider, form), (offer(f"{form}-{day}"),))
    (tmp_path / "offers-gpuhunt-aws-2027.json").write_text("{")
    (tmp_path / "notes.txt").write_text("x")
    assert [path.name for path in current(tmp_path)] == [
        "offers-gpuhunt-aws-2026-11-25.json",
        "offers-skypilot-aws-2026-11-01.json",
        "offers-skypilot-vast-2026-10-01.json",
    ]
    assert [held.id for held in previous(tmp_path, "gpuhunt", "aws")] == ["gpuhunt-2026-11-25"]
    assert previous(tmp_path, "gpuhunt", "gcp") == ()
    assert current(tmp_path / "none") == ()


@pytest.mark.parametrize(
    ("content", "error", "said"),
    [
        ("{", FileProblemError, "is not JSON"),
        ("[]", FieldError, "schema: must be whatfits.offers/1"),
        ('{"schema": "whatfits.offers/2"}', FieldError, "delete the file, or run offers refresh again"),
        ('{"schema": "whatfits.offers/1", "x": 1}', UnknownKeyError, "x: unknown key"),
        ('{"schema": "whatfits.offers/1"}', FieldError, "snapshot.form: is missing"),
    ],
)
def test_a_damaged_snapshot_says_which_file(tmp_path, content, error, said):
    path = tmp_path / "offers-gpuhunt-aws-2026-11-25.json"
    path.write_text(content)
    with pytest.raises(error) as caught:
        read_snapshot(path)
    assert str(path) in str(caught.value)
    assert said in str(caught.value)
    assert previous(tmp_path, "gpuhunt", "aws") == ()


def test_a_wrong_offer_says_which(tmp_path):
    path = write_snapshot(tmp_path, snapshot(), (offer("a"), offer("b", gpus=8)))
    path.write_text(path.read_text().replace('"gpus": 8', '"gpus": -8'))
    with pytest.raises(WhatfitsError, match=r"offers\[1\]\.gpus: must be more than 0"):
        read_snapshot(path)
