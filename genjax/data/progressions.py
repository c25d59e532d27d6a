"""`progressions`: figures on an 8x8 torus that evolve by a rule, and wrong ends to tell apart.

After the sequences of diagrams of Ghosh et al., 2017, arXiv:1609.09444: what comes next?
"""

import numpy as np

from genjax.core.spec import Spec
from genjax.data.dataset import ArraySource, Splits
from genjax.data.splits import SPLITS

RULES = ("moving blob", "growing bar", "rotating arrow")
SIDE, FRAMES = 8, 6
_SIZES = (6144, 768, 768)
_TURNS = np.array([[1, 1], [1, -1], [-1, 1], [-1, -1]], np.float64)  # of a blob, cells a frame
_WAYS = np.array([[1, 0], [-1, 0], [0, 1], [0, -1]], np.float64)  # that a bar grows in
_JITTER = 0.3  # of a blob, cells: its brightest cell stays the one that it started in
_ANGLE = np.pi / 4  # that an arrow turns in a frame
_ARROW = 3.0  # cells long


def progression_set(seed: int = 0) -> Splits:
    """`progressions`, [6, 64]: six frames, flattened row by row, in [0, 1]; the label is the rule.

    A Gaussian blob that moves a cell along a diagonal, a bar that grows by a cell, an arrow that turns
    by 45 degrees. Starts, directions, lengths and angles are drawn. `distractors` [4, 64] are wrong
    sixth frames: the fifth again, the fourth, the seventh, and the sixth half-way round the torus. 6144
    train, 768 valid, 768 test.

    Args:
        seed: of the draws.
    """
    total = sum(_SIZES)
    random = np.random.RandomState(seed)
    factors = draw(random, total)
    frames = render(factors, np.arange(FRAMES + 1))
    last = frames[:, FRAMES - 1]
    wrong = [frames[:, FRAMES - 2], frames[:, FRAMES - 3], frames[:, FRAMES], _far(last)]
    flat = lambda x: x.reshape(*x.shape[:2], SIDE * SIDE).astype(np.float32)
    arrays = {
        "sequence": flat(frames[:, :FRAMES]),
        "distractors": flat(np.stack(wrong, axis=1)),
        "label": factors["rule"].astype(np.int32),
    }
    stops = np.cumsum(_SIZES)
    sources = {
        split: ArraySource({name: each[stop - size : stop] for name, each in arrays.items()})
        for split, size, stop in zip(SPLITS, _SIZES, stops, strict=True)
    }
    shapes = {name: each.shape[1:] for name, each in arrays.items()}
    extras = {"distractors": shapes["distractors"]}
    return Splits(Spec(shapes["sequence"], None, len(RULES), extras), None, **sources)


def draw(random: np.random.RandomState, num: int) -> dict[str, np.ndarray]:
    """Factors of `num` progressions, the rules in turn.

    `rule` 0..2 (`RULES`); `start` [num, 2], the cell (x, y) of a blob, a bar's end or an arrow's foot;
    `jitter` [num, 2], of a blob; `way` 0..3, the diagonal or the side; `length` 1..2 of a bar at first;
    `angle` of an arrow at first, radians, and `sense` -1 or 1.
    """
    return {
        "rule": np.arange(num) % len(RULES),
        "start": random.randint(0, SIDE, (num, 2)),
        "jitter": random.uniform(-_JITTER, _JITTER, (num, 2)),
        "way": random.randint(0, 4, num),
        "length": random.randint(1, 3, num),
        "angle": random.uniform(0, 2 * np.pi, num),
        "sense": random.choice([-1, 1], num),
    }


def render(factors: dict[str, np.ndarray], times: np.ndarray) -> np.ndarray:
    """Frames [N, len(times), 8, 8] in [0, 1] of the factors of `draw`, at whole times from 0 on."""
    time = np.asarray(times, np.float64)[None, :, None]
    start, way = factors["start"].astype(np.float64), factors["way"]
    moved = start[:, None] + factors["jitter"][:, None] + time * _TURNS[way][:, None]
    blob = np.exp(-0.5 * np.square(_offsets(moved)).sum(-1))
    grown = np.zeros_like(blob)
    for step in range(SIDE):
        cell = np.broadcast_to(start[:, None] + step * _WAYS[way][:, None], moved.shape)
        there = step < factors["length"][:, None] + time[..., 0]
        hit = np.square(_offsets(cell)).sum(-1) < 0.25
        grown = np.where(hit & there[..., None, None], 1.0, grown)
    angle = factors["angle"][:, None] + factors["sense"][:, None] * _ANGLE * time[..., 0]
    tip = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    offset = _offsets(np.broadcast_to(start[:, None], moved.shape))
    along = np.clip((offset * tip[:, :, None, None]).sum(-1), 0.0, _ARROW)
    beside = np.square(offset - along[..., None] * tip[:, :, None, None]).sum(-1)
    head = np.square(offset - _ARROW * tip[:, :, None, None]).sum(-1)
    arrow = np.maximum(0.6 * np.exp(-2.0 * beside), np.exp(-head))
    rule = factors["rule"][:, None, None, None]
    return np.where(rule == 0, blob, np.where(rule == 1, grown, arrow))


def _far(frames):
    """Moved by half the torus in both directions."""
    return np.roll(frames, (SIDE // 2, SIDE // 2), axis=(-2, -1))


def _offsets(centre: np.ndarray) -> np.ndarray:
    """(x, y) of every cell from a centre [N, T, 2], the short way round the torus: [N, T, 8, 8, 2]."""
    cells = np.stack(np.meshgrid(np.arange(SIDE), np.arange(SIDE), indexing="xy"), axis=-1)
    away = cells[None, None] - centre[:, :, None, None]
    return (away + SIDE / 2) % SIDE - SIDE / 2
