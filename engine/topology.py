"""Where a deployment leaves the fast link or the node, and what then carries its traffic."""

from engine.cost import Quote
from engine.hardware import Accelerator, Node
from engine.parallel import Plan
from engine.verdict import Notice

GB = 10**9  # [byte]


def nodes_of(gpus: int, domain: int) -> int:
    """Nodes that `gpus` devices take where `domain` of them share one.

    >>> nodes_of(8, 8), nodes_of(32, 8), nodes_of(32, 72)
    (1, 4, 1)
    """
    return -(-gpus // domain)


def place_notices(
    accelerator: Accelerator, node: Node | None, plan: Plan, quote: Quote | None, *, domain: int
) -> tuple[Notice, ...]:
    """What to know of a plan's way over links, nodes and rented machines."""
    found = []
    if plan.gpus > domain:
        found.append(
            Notice(code="crosses_nodes", message=_crossing(accelerator, node, plan, domain), field=_field(plan))
        )
    link = _link_gpus(accelerator, node)
    inside = min(plan.tp, domain)
    if link is not None and inside > link:
        found.append(
            Notice(code="crosses_link", message=_beyond_link(accelerator, link, inside), field="deployment.tp")
        )
    if quote is not None and quote.machine_gpus is not None:
        least = min(plan.gpus, domain)
        if quote.machine_gpus < least:
            size = f"{quote.machine_gpus:g}"
            text = f"the price is for machines of {size}; none is known of one with {least} of these GPUs"
            found.append(Notice(code="small_machines", message=text, field="cost.offer"))
    return tuple(found)


def _link_gpus(accelerator: Accelerator, node: Node | None) -> int | None:
    return accelerator.link_gpus if node is None or node.link_gpus is None else node.link_gpus


def _field(plan: Plan) -> str:
    return "deployment.pp" if plan.pp > 1 else "deployment.gpus"


def _crossing(accelerator: Accelerator, node: Node | None, plan: Plan, domain: int) -> str:
    """How many nodes, what passes between them, and at what rate."""
    what = "a GPU of its own" if domain == 1 else f"{domain} GPUs"
    text = f"{plan.gpus} GPUs are {nodes_of(plan.gpus, domain)} nodes of {what}"
    ways = (
        ("tensor parallelism crosses", plan.tp > domain),
        ("pipeline stages cross", plan.pp > 1 and plan.tp * plan.pp > domain),
        ("data parallelism crosses", plan.dp > 1),
        ("experts cross", plan.ep > domain),
    )
    crossing = " and ".join(way for way, holds in ways if holds) or "its traffic crosses"
    text += f"; {crossing} the network"
    rate = None if node is None else node.network_bytes_per_s_and_gpu
    if rate is None:
        return text + ", whose rate is not known"
    text += f", {rate / GB:.3g} GB/s a GPU and direction"
    inside = accelerator.interconnect_bytes_per_s
    return text if inside is None or rate >= inside else text + f" against {inside / GB:.3g} inside a node"


def _beyond_link(accelerator: Accelerator, link: int, inside: int) -> str:
    way = f"PCIe {accelerator.pcie}" if accelerator.pcie and accelerator.pcie != "n/a" else "the host"
    if link == 1:
        return f"no fast link joins these GPUs; tensor parallelism over {inside} of them goes over {way}"
    return f"{accelerator.interconnect} joins {link} GPUs; tensor parallelism over {inside} goes over {way} too"
