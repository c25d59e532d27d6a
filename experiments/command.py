"""A binary from its flags to its exit code: a mistake is one line, a signal is an orderly end."""

import difflib
import re
import signal
import sys
import threading
from collections.abc import Callable

from absl import app, flags, logging

from experiments import families, hyper_parameters, options
from genjax.training import TrainingError

_PARSERS_WORDS = {  # what Python's parsers say of a flag, and what it means
    r"invalid literal for int\(\) with base 10: (.*)": r"expected a whole number, got \1",
    r"could not convert string to float: (.*)": r"expected a number, got \1",
    r"value should be one of <(.*)>": lambda m: f"expected one of {m[1].replace('|', ', ')}",
    r"\('Non-boolean argument to boolean flag', (.*)\)": r"expected true or false, got \1",
}


class Terminated(BaseException):
    """SIGTERM came while no training loop was there to answer it."""


def run(define: Callable[[], None], main: Callable[[], None]) -> None:
    """Defines and parses the flags, runs `main` and ends the process.

    Exit codes: 0, also after SIGTERM; 2 for a user's mistake; 1 where training cannot go on; 130
    after Ctrl-C.
    """
    define()
    _show_in_help()
    app.run(lambda _: carry_out(main), flags_parser=parse)


def parse(argv: list[str]) -> list[str]:
    """Parses `argv`; ends the process with 2 for what it does not understand, with 0 after --help."""
    try:
        rest = flags.FLAGS(argv)
    except flags.UnrecognizedFlagError as error:
        sys.exit(_complain(_unknown(error), 2))
    except flags.Error as error:
        sys.exit(_complain(_plainly(str(error)), 2))
    except SystemExit:  # only help ends here, and absl gives it a 1
        sys.exit(0)
    if len(rest) > 1:
        sys.exit(_complain(f"unexpected argument {rest[1]!r}: flags have the form --name=value", 2))
    return rest


def carry_out(main: Callable[[], None]) -> None:
    """Starts devices and runs `main`; see `run` for how it ends."""
    if not flags.FLAGS["verbosity"].present:
        logging.set_verbosity(logging.ERROR)  # the checkpoint library narrates every file
    in_main_thread = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGTERM, _terminate) if in_main_thread else None
    try:
        options.start_devices()
        main()
    except (ValueError, OSError, TrainingError) as error:
        if flags.FLAGS.traceback:
            raise
        sys.exit(_complain(_told(error), 1 if isinstance(error, TrainingError) else 2))
    except RuntimeError as error:
        if flags.FLAGS.traceback or "RESOURCE_EXHAUSTED" not in str(error):
            raise
        sys.exit(_complain("out of memory on the device: pass a smaller --batch_size", 1))
    except Terminated:
        print(f"stopped; {again()}")
        sys.exit(0)
    except KeyboardInterrupt:
        sys.exit(_complain(f"interrupted; {again()}", 130))
    finally:
        if before is not None:
            signal.signal(signal.SIGTERM, before)


def again() -> str:
    """How to go on after a stop."""
    anew = "overwrite" in flags.FLAGS and flags.FLAGS.overwrite
    without = " without --overwrite" if anew else ""
    return f"the same command{without} goes on from the last checkpoint"


def _terminate(*_):
    raise Terminated


def _complain(message: str, code: int) -> int:
    print("error:", " ".join(message.split()), file=sys.stderr)
    return code


def _told(error: Exception) -> str:
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    return str(error)


def _plainly(message: str) -> str:
    for pattern, words in _PARSERS_WORDS.items():
        message = re.sub(pattern, words, message)
    return message


def _unknown(error: flags.UnrecognizedFlagError) -> str:
    name = error.flagname
    systems = [make for models in families.FAMILIES.values() for make in models.values()]
    if "set" in flags.FLAGS and any(name in hyper_parameters.parameters(make) for make in systems):
        return f"unknown flag --{name}; it is a hyper-parameter: --set {name}=VALUE"
    near = difflib.get_close_matches(name, list(flags.FLAGS), n=1)
    hint = f"did you mean --{near[0]}?" if near else "--help lists the flags"
    return f"unknown flag --{name}; {hint}"


def _show_in_help() -> None:
    """Makes --help of the running binary list the flags that our other modules define."""
    for module, defined in list(flags.FLAGS.flags_by_module_dict().items()):
        if module.startswith("experiments."):
            for flag in defined:
                flags.FLAGS.register_key_flag_for_module(sys.argv[0], flag)
