"""`python -m tests.accuracy`: how far the engine is from runtimes' own logs, as tables."""

import statistics
from collections.abc import Iterable, Sequence

from tests.accuracy.folds import folds
from tests.accuracy.llama_cpp import contexts
from tests.accuracy.others import sglang_tokens, sglang_tokens_from_pool
from tests.accuracy.vllm import Outcome, from_pool, from_settings


def main() -> None:
    """Print every table."""
    _title("vLLM: tokens, given the pool that the log printed")
    _table([("tokens", list(from_pool()))])
    _title("vLLM: from the settings alone")
    found: dict[str, list[Outcome]] = {}
    for item, outcome in from_settings():
        found.setdefault(item, []).append(outcome)
    _table(found.items())
    _worst(found.get("tokens", []))
    _title("SGLang")
    _table(
        [("tokens, given the pool", list(sglang_tokens_from_pool())), ("tokens, from settings", list(sglang_tokens()))]
    )
    _llama_cpp()
    _folds()


def _title(text: str) -> None:
    print(f"\n{text}\n{'-' * len(text)}")


def _table(rows: Iterable[tuple[str, Sequence[Outcome]]]) -> None:
    print(f"{'item':<26}{'rows':>5}{'median':>10}{'in 0.1 %':>10}{'in 1 %':>9}{'in 5 %':>9}{'worst':>10}{'in band':>9}")
    for name, outcomes in rows:
        errors = [abs(outcome.error) for outcome in outcomes]
        if not errors:
            print(f"{name:<26}    0")
            continue
        shares = [sum(error <= limit for error in errors) / len(errors) for limit in (0.001, 0.01, 0.05)]
        covered = sum(outcome.covered for outcome in outcomes) / len(outcomes)
        print(
            f"{name:<26}{len(errors):>5}{statistics.median(errors):>10.3%}{shares[0]:>10.0%}{shares[1]:>9.0%}"
            f"{shares[2]:>9.0%}{max(errors):>10.1%}{covered:>9.0%}"
        )


def _worst(outcomes: Sequence[Outcome]) -> None:
    for outcome in sorted(outcomes, key=lambda held: -abs(held.error))[:6]:
        print(f"  {outcome.error:+9.2%}  {outcome.name}")


def _llama_cpp() -> None:
    _title("llama.cpp: caches and compute buffers")
    held = list(contexts())
    exact = sum(context.cache_is_exact for context in held)
    print(f"cache and state to the byte: {exact} of {len(held)} contexts")
    for name, chosen in (
        ("dense, 16 and 32 bits", [c for c in held if c.dense and not c.quantised]),
        ("dense, quantised", [c for c in held if c.dense and c.quantised]),
        ("experts, latent, recurrent", [c for c in held if not c.dense]),
    ):
        errors = [abs(context.compute_error) for context in chosen]
        within = [sum(error <= limit for error in errors) / len(errors) for limit in (0.01, 0.03)]
        covered = sum(context.compute_covered for context in chosen) / len(chosen)
        print(
            f"compute buffer, {name:<28}{len(errors):>4} rows, {within[0]:.0%} in 1 %, {within[1]:.0%} in 3 %, "
            f"worst {max(errors):.0%}, {covered:.0%} in band"
        )


def _folds() -> None:
    _title("Fitted constants, one model left out at a time [GiB]")
    tables: dict[str, list[tuple[float, float]]] = {}
    for fold in folds():
        tables.setdefault(fold.constant, []).append((fold.fitted, fold.observed))
    for name, pairs in tables.items():
        errors = [abs(fitted - observed) for fitted, observed in pairs]
        print(
            f"{name:<36}{len(pairs):>3} models, observed {min(o for _, o in pairs):.3f} to "
            f"{max(o for _, o in pairs):.3f}, error median {statistics.median(errors):.3f}, worst {max(errors):.3f}"
        )


if __name__ == "__main__":
    main()
