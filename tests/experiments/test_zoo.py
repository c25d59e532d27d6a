"""The contact sheet of the zoo: the latest run of each model, and what is missing."""

import json
import os

import pytest
from PIL import Image

from experiments import zoo
from tests.experiments.commands import Binary, complaint

ZOO = Binary(zoo.define, zoo.main)


def _run(folder, name, family, model, seconds, picture="samples"):
    samples = folder / name / "samples"
    samples.mkdir(parents=True)
    config = {"identity": {"family": family, "model": model}}
    (folder / name / "config.json").write_text(json.dumps(config))
    path = samples / f"{picture}.png"
    Image.new("RGB", (4, 4)).save(path)
    os.utime(path, (seconds, seconds))
    return path


def test_the_latest_run_of_each_adversarial_model_is_on_the_sheet(tmp_path, capsys):
    _run(tmp_path, "old", "gan", "gan", 1)
    newer = _run(tmp_path, "new", "gan", "gan", 2)
    other = _run(tmp_path, "other", "gan", "lsgan", 1)
    _run(tmp_path, "vae", "vae", "vae", 3)
    filled = _run(tmp_path, "filler", "gan", "ccgan", 1, picture="inpainting")
    Image.new("RGB", (4, 4)).save(newer.parent / "pairs.png")  # it samples, so this is not its own
    assert zoo.trained(tmp_path) == {"gan": newer, "lsgan": other, "ccgan": filled}
    ZOO(f"--runs={tmp_path}", f"--output={tmp_path / 'sheets' / 'zoo.png'}")
    assert (tmp_path / "sheets" / "zoo.png").exists()
    told = capsys.readouterr().err
    assert "--model=dcgan" in told and "--model=lsgan" not in told


def test_no_run_is_one_line(tmp_path, capsys):
    code, line = complaint(capsys, ZOO, f"--runs={tmp_path}")
    assert code == 2 and "holds no run of an adversarial model" in line


@pytest.mark.parametrize("content", ["{}", "not json"])
def test_other_folders_are_passed_over(tmp_path, content):
    picture = _run(tmp_path, "other", "gan", "gan", 1)
    (picture.parent.parent / "config.json").write_text(content)
    assert zoo.trained(tmp_path) == {}
