"""gpuhunt's catalogs: a CSV for each provider, one row for each machine, place and kind of price.

https://github.com/dstackai/gpuhunt publishes them as `<base>/<provider>/<version>/catalog.zip` with one member,
`<provider>.csv`; `<base>/<provider>/version` tells the newest version, `YYYYMMDD-<run>`.
"""

from collections.abc import Iterable, Iterator, Mapping

from catalogs.importers.price_rows import PriceRow, RowError, number_of, records, size_of, text_of

FORM = "gpuhunt"
BASE = "https://dstack-gpu-pricing.s3.eu-west-1.amazonaws.com/v3"
PROVIDERS = ("aws", "azure", "verda", "gcp", "lambdalabs", "nebius", "oci", "runpod", "cloudrift")
"""Those whose catalogs can be fetched without a key."""

REQUIRED = ("instance_name", "location", "price", "gpu_count", "gpu_name", "spot")
# a row with a flag is something special; these are machines that anybody can start
_USUAL_FLAGS = frozenset(("gcp-a4", "gcp-g4", "lambda-arm", "oci-spot"))


def version_address(base: str, provider: str) -> str:
    """Where the newest version's name is."""
    return f"{base.rstrip('/')}/{provider}/version"


def catalog_address(base: str, provider: str, version: str) -> str:
    """Where a version's zip is."""
    return f"{base.rstrip('/')}/{provider}/{version}/catalog.zip"


def rows(lines: Iterable[str], *, where: str) -> Iterator[PriceRow | RowError]:
    """The machines with GPUs, row by row, or why a row is none. Raises `FieldError` for what is no such list."""
    for record in records(lines, REQUIRED, where=where):
        if record.get("gpu_count", "").strip() in ("0", "0.0") or (record and not record["gpu_name"].strip()):
            continue
        try:
            yield _row(record)
        except RowError as problem:
            yield problem


def _row(record: Mapping[str, str]) -> PriceRow:
    if not record:
        raise RowError("a row with another number of cells than the header")
    flags = record.get("flags", "").split()
    if not _USUAL_FLAGS.issuperset(flags):
        raise RowError("a special kind of machine (flags)")
    spot = record["spot"].strip().casefold()
    if spot not in ("true", "false"):
        raise RowError("spot that is neither True nor False")
    price = number_of(record, "price", what="price")
    gpus = number_of(record, "gpu_count", what="number of GPUs")
    if price is None:
        raise RowError("no price")
    if gpus is None or gpus <= 0:
        raise RowError("no number of GPUs")
    return PriceRow(
        instance=text_of(record, "instance_name", what="machine"),
        gpu=text_of(record, "gpu_name", what="GPU"),
        gpus=gpus,
        region=text_of(record, "location", what="region"),
        on_demand_usd=price if spot == "false" else None,
        spot_usd=price if spot == "true" else None,
        vcpus=size_of(record, "cpu"),
        ram_gib=size_of(record, "memory"),
    )
