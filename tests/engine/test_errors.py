"""Errors say where, and what would be right."""

from engine.errors import FieldError, UnknownKeyError, UnsupportedModelError, nearest


def test_an_error_names_its_field_from_further_out():
    error = FieldError("context", "must be more").under("workload")
    assert (error.field, error.message, str(error)) == (
        "workload.context",
        "must be more",
        "workload.context: must be more",
    )
    assert isinstance(UnknownKeyError("a", "b").under("c"), UnknownKeyError)
    assert str(FieldError("", "alone")) == "alone"


def test_codes_are_stable():
    assert [cls.code for cls in (FieldError, UnknownKeyError, UnsupportedModelError)] == [
        "bad_input",
        "unknown_key",
        "unsupported_model",
    ]


def test_nearest_names_keep_their_case():
    assert nearest("scout", ["Scout", "Maverick"]) == "; did you mean Scout?"
    assert nearest("zzz", ["Scout"]) == ""
