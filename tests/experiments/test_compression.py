"""Files of images by the binaries: there and back, and every way in which it cannot be."""

import numpy as np
from PIL import Image

from experiments import compress, decompress
from tests.experiments.commands import Binary, complaint

COMPRESS = Binary(compress.define, compress.main)
DECOMPRESS = Binary(decompress.define, decompress.main)


def bits(path, seed):
    """A picture of 8x8 black and white pixels."""
    pixels = 255 * np.random.default_rng(seed).integers(0, 2, (8, 8)).astype(np.uint8)
    Image.fromarray(pixels).save(path)
    return pixels


def test_pictures_come_back_and_other_files_do_not(trained, tmp_path, capsys):
    """Bits back with the small VAE that all tests share."""
    pixels = [bits(tmp_path / name, seed) for seed, name in enumerate(("a.png", "b.png"))]
    file, out, run = tmp_path / "two.gjx", tmp_path / "out", f"--workdir={trained}"
    given = f"--images={tmp_path / 'a.png'},{tmp_path / 'b.png'}"
    COMPRESS(run, given, f"--output={file}", "--prior_bits=5")
    assert f"2 examples in {file.stat().st_size} bytes" in capsys.readouterr().out
    DECOMPRESS(run, f"--input={file}", f"--output={out}")
    assert sorted(path.name for path in out.iterdir()) == ["00000.png", "00001.png"]
    for number, expected in enumerate(pixels):
        with Image.open(out / f"{number:05}.png") as found:
            np.testing.assert_array_equal(np.asarray(found), expected)

    data = file.read_bytes()
    wrong = {
        "cut short": data[:-1],
        "no compressed file": (tmp_path / "a.png").read_bytes(),
        "format version": data[:4] + b"\x05" + data[5:],
    }
    spoilt, nowhere = tmp_path / "spoilt.gjx", tmp_path / "nowhere"
    for message, content in wrong.items():
        spoilt.write_bytes(content)
        code, line = complaint(capsys, DECOMPRESS, run, f"--input={spoilt}", f"--output={nowhere}")
        assert code == 2 and message in line and str(spoilt) in line
    assert not nowhere.exists()


def test_what_does_not_say_enough_is_refused(trained, tmp_path, capsys):
    run, output = f"--workdir={trained}", f"--output={tmp_path / 'x.gjx'}"
    for arguments, message in (
        ((run, output), "--images or --split is needed"),
        ((run, output, "--split=test", "--images=a.png"), "not both"),
        ((run, "--split=test"), "--output is needed"),
        ((output, "--split=test"), "--workdir is needed"),
    ):
        code, line = complaint(capsys, COMPRESS, *arguments)
        assert code == 2 and message in line
    code, line = complaint(capsys, DECOMPRESS, run)
    assert code == 2 and "--input and --output are needed" in line
    code, line = complaint(capsys, DECOMPRESS, run, "--input=nothing.gjx", output)
    assert code == 2 and "nothing.gjx" in line
    assert not list(tmp_path.iterdir())


def test_what_is_no_picture_is_written_as_an_array(tmp_path):
    x = np.random.default_rng(0).random((3, 5)).astype(np.float32)
    decompress.write(x, tmp_path / "vectors")
    np.testing.assert_array_equal(np.load(tmp_path / "vectors" / "examples.npy"), x)
    decompress.write(np.zeros((2, 4, 4, 3)), tmp_path / "colours")
    with Image.open(tmp_path / "colours" / "00001.png") as picture:
        assert picture.mode == "RGB" and picture.size == (4, 4)
