"""Entries of the user's own: written beside what is there, comments and all."""

import pytest

from catalogs.own_entries import add, entry_of, like
from catalogs.store import HardwareCatalog
from engine.errors import FieldError, FileProblemError, UnknownKeyError
from engine.hardware import Accelerator, Node, Offer

OFFER = {
    "id": "rack",
    "provider": "us",
    "instance": "rack",
    "gpu": "h100-sxm",
    "gpus": 8,
    "on_demand_usd_per_hour": 20.0,
}


def offer(**changes):
    return entry_of(Offer, OFFER | changes, where="offers")


def catalog(folder):
    return HardwareCatalog(config_dir=folder, data_dir=folder / "none")


def test_a_new_file(tmp_path):
    folder = tmp_path / "not" / "there"
    path = add(folder, offer())
    assert path == folder / "offers.toml"
    held = catalog(folder)
    assert held.offer("rack").on_demand_usd_per_hour == 20.0
    assert held.origin("offer", "rack") == "user"


def test_what_is_there_stays_as_it_is(tmp_path):
    path = tmp_path / "offers.toml"
    text = '# our machines\n\n[[offer]]\nid = "old"   # the first one\nprovider = "us"\n'
    text += 'instance = "x"\ngpu = "l4"\ngpus = 1\n'
    path.write_text(text)
    add(tmp_path, offer())
    assert path.read_text().startswith(text)
    assert set(catalog(tmp_path).offers()) >= {"old", "rack"}


def test_an_entry_is_replaced_only_if_asked_for(tmp_path):
    add(tmp_path, offer(id="first"))
    add(tmp_path, offer())
    add(tmp_path, offer(id="last"))
    path = tmp_path / "offers.toml"
    path.write_text(path.read_text().replace('id = "first"', 'id = "first" # mine'))
    with pytest.raises(FieldError, match=r"rack: is already in .*; --force replaces it"):
        add(tmp_path, offer(on_demand_usd_per_hour=5.0))
    add(tmp_path, offer(on_demand_usd_per_hour=5.0), force=True)
    held = catalog(tmp_path)
    assert [name for name in held.offers() if held.origin("offer", name) == "user"] == ["first", "rack", "last"]
    assert held.offer("rack").on_demand_usd_per_hour == 5.0
    assert "# mine" in path.read_text()


def test_tables_within(tmp_path):
    peaks = {"bf16_flops_per_s": 1e14}
    card = entry_of(
        Accelerator, {"id": "lab", "name": "Lab", "vendor": "v", "label_gb": 48, "peaks": peaks}, where="gpus"
    )
    add(tmp_path, card)
    owned = offer(id="owned", ownership={"capital_usd": 70_128, "years": 4})
    add(tmp_path, owned)
    add(tmp_path, entry_of(Node, {"id": "box", "gpu": "lab", "gpus": 4}, where="gpus"))
    held = catalog(tmp_path)
    assert held.accelerators()["lab"] == card
    assert held.offer("owned").usd_per_hour() == owned.usd_per_hour()
    assert held.node_of("lab").gpus == 4
    assert held.domain(card) == 4
    # and again in place of itself, in the middle of the file
    add(tmp_path, offer())
    add(tmp_path, owned, force=True)
    assert set(catalog(tmp_path).offers()) >= {"owned", "rack"}


def test_a_copy_leaves_out_what_is_of_the_other_alone(tmp_path):
    base = catalog(tmp_path).accelerator("rtx-4090")
    table = like(base, "4090-48")
    assert table["id"] == "4090-48"
    assert not {"aliases", "sources", "retrieved", "driver_evidence"} & set(table)
    assert table["peaks"]["bf16_flops_per_s"] == base.peaks.bf16_flops_per_s


@pytest.mark.parametrize(
    ("changes", "error", "said"),
    [
        ({"gpus": -1}, FieldError, "offers.gpus: must be more than 0"),
        ({"price": 3}, UnknownKeyError, "offers.price: unknown key"),
        ({"kind": "rented"}, FieldError, "offers.kind: must be one of rent"),
        ({"id": "a b"}, FieldError, "offers.id: must be letters"),
        ({"id": ""}, FieldError, "offers.id: must be letters"),
        ({"ownership": {"years": 3}}, FieldError, "offers.ownership.capital_usd: is missing"),
    ],
)
def test_keys_are_closed_and_values_checked(changes, error, said):
    with pytest.raises(error) as caught:
        offer(**changes)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("no toml", "is not valid TOML"),
        ("offer = 3\n", r"must hold tables under \[\[offer\]\]"),
        ('offer = [{id = "x", provider = "p", instance = "i", gpu = "l4", gpus = 1}]\n', "is not valid TOML"),
    ],
)
def test_files_that_cannot_be_added_to_stay_as_they_are(tmp_path, text, said):
    path = tmp_path / "offers.toml"
    path.write_text(text)
    with pytest.raises(FileProblemError, match=said):
        add(tmp_path, offer())
    assert path.read_text() == text
    with pytest.raises((FileProblemError, FieldError)):
        add(tmp_path, offer(id="x"), force=True)
    assert path.read_text() == text
