"""Pictures of scenes as their layout and attributes are edited."""

from pathlib import Path

import jax
import numpy as np

from experiments.subject import Subject, Unsuitable, pictures, require_pictures
from genjax import plots
from genjax.data import scenes


def scene_edits(subject: Subject, key, path: Path) -> None:
    """One scene: attributes varied along rows, its layout edited along columns; z stands still.

    The first row shows the layouts, the second the scene on a usual day; then each attribute in turn
    is 0 and 1.
    """
    require_pictures(subject, "latents", "decode")
    if subject.model.condition != "layout" or subject.spec.extras["layout"][2] != len(
        scenes.CLASSES
    ):
        raise Unsuitable("this figure needs a model of scenes: of a layout, and of attributes")
    key_scene, key_latents = jax.random.split(key)
    edits = _edits(scenes.draw_scenes(jax.random.split(key_scene, 1)))
    size = subject.spec.shape[0]
    layouts = np.concatenate([scenes.layout(each, image_size=size) for each in edits.values()])
    num = len(scenes.ATTRIBUTES)
    latents = subject.model.latents.prior(key_latents, subject.variables, 1)
    z = np.asarray(latents)[:, :-num]
    usual = np.asarray([0.7, 0.5, 0.1, 0.0], np.float32)
    rows = {"layout": None, "as usual": usual}
    for number, name in enumerate(scenes.ATTRIBUTES):
        for value in (0.0, 1.0):
            changed = usual.copy()
            changed[number] = value
            rows[f"{name} {value:.0f}"] = changed
    decode, made = jax.jit(subject.model.decode), {}
    for name, attributes in rows.items():
        if attributes is None:
            images = np.asarray(layouts @ _LAYOUT_COLOURS, np.float32)
        else:
            given = np.tile(np.concatenate([z, attributes[None]], axis=1), (len(layouts), 1))
            images = pictures(decode(key, subject.variables, given, layouts))
        made[name] = dict(zip(edits, images, strict=True))
    columns = {name: np.stack([images[name] for images in made.values()]) for name in edits}
    plots.image_columns(columns, path, title=", ".join(made))


_LAYOUT_COLOURS = np.asarray(
    [[0.8, 0.9, 1.0], [0.55, 0.8, 0.45], [0.3, 0.45, 0.85], [0.9, 0.3, 0.3]], np.float32
)


def _edits(scene: scenes.Scene) -> dict[str, scenes.Scene]:
    """The scene, and what else its layout could be."""
    moved = lambda **changes: scene._replace(**{n: v + 0 * scene.hill for n, v in changes.items()})
    return {
        "as drawn": scene,
        "no house": moved(house_size=0.0),
        "house left": moved(house_x=0.2),
        "house right": moved(house_x=0.8),
        "large house": moved(house_size=0.42),
        "more sea": moved(shore=0.65),
        "less sea": moved(shore=0.9),
        "low hill": moved(hill=0.5),
    }
