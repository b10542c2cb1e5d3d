"""Golden vectors of latent and compressed attention."""

import pytest

from engine.errors import FieldError
from engine.mixers import CompressedAttention, LatentAttention
from engine.tensors import count_parameters

V3 = {"heads": 128, "q_rank": 1536, "kv_rank": 512, "nope_dim": 128, "rope_dim": 64, "v_dim": 128}


def size(mixer, hidden):
    return count_parameters(mixer.tensors(hidden))


def cache(mixer, tokens, bits=16):
    return sum(e.span.count(tokens) * e.heads * e.width * bits for e in mixer.entries()) // 8


def test_deepseek_v3_layer():
    # 187,107,328 parameters of attention in each of 61 layers
    assert size(LatentAttention(**V3), 7168) == 187_107_328


def test_a_full_rank_query_has_one_projection():
    lite = LatentAttention(heads=16, kv_rank=512, nope_dim=128, rope_dim=64, v_dim=128)
    names = [tensor.name for tensor in lite.tensors(2048)]
    assert "q" in names
    assert "q_a" not in names
    # DeepSeek-V2-Lite: q 2048 x 3072, kv 2048 x 576 + 512, up 512 x 4096, out 2048 x 2048
    assert size(lite, 2048) == 2048 * 3072 + 2048 * 576 + 512 + 512 * 4096 + 2048 * 2048


def test_an_indexer_adds_its_own():
    indexed = LatentAttention(**V3, index_heads=64, index_dim=128)
    # DeepSeek-V3.2: q 1536 x 64 x 128 + k 7168 x 128 + norm 2 x 128 + weights 7168 x 64
    assert size(indexed, 7168) - size(LatentAttention(**V3), 7168) == 13_959_424
    assert "indexed" in indexed.title


def test_the_latent_is_stored_once():
    assert cache(LatentAttention(**V3), 1000) == 576 * 2 * 1000
    assert cache(LatentAttention(**V3, index_heads=64, index_dim=128), 1000) == 704 * 2 * 1000
    (latent,) = LatentAttention(**V3).entries()
    assert latent.heads == 1


V4 = {"heads": 64, "head_dim": 512, "q_rank": 1024, "o_rank": 1024, "o_groups": 8, "window": 128}
SPARSE = V4 | {"ratio": 4, "index_heads": 64, "index_dim": 128}


def test_deepseek_v4_flash_layers():
    h, a, d, q, o, g, i = 4096, 64, 512, 1024, 1024, 8, 128
    plain = a + h * q + q + q * a * d + h * d + d + o * a * d + h * g * o
    assert size(CompressedAttention(**V4), h) == plain
    sparse = 8 * d + 4 * d * h + d + 8 * i + 4 * i * h + i + q * 64 * i + 64 * h
    assert size(CompressedAttention(**SPARSE), h) == plain + sparse
    heavy = 128 * d + 2 * d * h + d
    assert size(CompressedAttention(**V4, ratio=128), h) == plain + heavy


@pytest.mark.parametrize(
    ("tokens", "open_tail"), [(3, 4 * 3), (4, 8), (127, 8 + 4 * 3), (128, 8), (130, 8 + 4 * 2), (5003, 8 + 4 * 3)]
)
def test_what_a_sparse_layer_keeps(tokens, open_tail):
    # window + one per four + the open block, as the reference keeps them; below four tokens nothing overlaps
    expected = min(tokens, 128) * 512 + tokens // 4 * (512 + 128) + open_tail * (512 + 128)
    assert cache(CompressedAttention(**SPARSE), tokens) == 2 * expected


@pytest.mark.parametrize("tokens", [0, 127, 128, 131, 5003])
def test_what_a_heavily_compressed_layer_keeps(tokens):
    expected = min(tokens, 128) * 512 + tokens // 128 * 512 + 2 * (tokens % 128) * 512
    assert cache(CompressedAttention(**V4, ratio=128), tokens) == 2 * expected


def test_a_layer_of_ratio_0_keeps_its_window():
    assert cache(CompressedAttention(**V4), 10**7) == 128 * 512 * 2
    assert CompressedAttention(**V4).title == "window 128 only"
    assert CompressedAttention(**SPARSE).title == "window 128, 1 per 4 beyond"


@pytest.mark.parametrize(
    ("field", "build"),
    [
        ("index_dim", lambda: LatentAttention(**V3, index_heads=4)),
        ("kv_rank", lambda: LatentAttention(**V3 | {"kv_rank": 0})),
        ("ratio", lambda: CompressedAttention(**V4, ratio=1)),
        ("index_heads", lambda: CompressedAttention(**V4, ratio=4)),
        ("index_heads", lambda: CompressedAttention(**V4, ratio=128, index_heads=4, index_dim=4)),
    ],
)
def test_refusals_name_the_field(field, build):
    with pytest.raises(FieldError) as caught:
        build()
    assert caught.value.field == field
