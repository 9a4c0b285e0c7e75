"""Files that are written: the old one or the new one, complete, whatever happens (promise R4)."""
# SPDX-License-Identifier: BSD-3-Clause

import contextlib
import errno
import gc
import os
import random
import signal
import stat
import sys
import threading

import numpy as np
import pytest

import chainrule as cr
from chainrule import _durable_file
from chainrule._durable_file import keep_older

unix = pytest.mark.skipif(os.name != "posix", reason="needs fork and signals")


def network(value, width=300):
    net = cr.Network([cr.Input(200), cr.Dense(width), cr.Dense(2)], rng=0)
    net.parameters = np.full(net.n_parameters, value)
    return net


OLD, NEW = network(1), network(2)


def content(path):
    """Return the one value of all the parameters in a file; it must be whole."""
    (value,) = np.unique(cr.Network.load(path).parameters)
    return value


def temporary_files(folder):
    return [each for each in os.listdir(folder) if each.endswith(".tmp")]


def open_descriptors():
    return len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0


@pytest.fixture
def path(tmp_path):
    """Return the path of a file that holds OLD."""
    OLD.save(tmp_path / "net.safetensors")
    return tmp_path / "net.safetensors"


@unix
@pytest.mark.filterwarnings("ignore:This process.*fork:DeprecationWarning")
def test_killed_at_200_moments(path):
    moments = random.Random(1)
    seen = set()
    for _ in range(200):
        ready, begun = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                os.write(begun, b"1")
                while True:
                    for net in (NEW, OLD):
                        net.save(path)
            finally:
                os._exit(1)
        assert os.read(ready, 1) == b"1"
        os.close(ready)
        os.close(begun)
        for _ in range(moments.randrange(2000)):  # some time, which decides nothing
            os.stat(path)
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        assert os.WIFSIGNALED(status)
        seen.add(content(path))
    assert seen <= {1, 2}
    OLD.save(path)
    assert os.listdir(path.parent) == [path.name]  # what the killed ones left is gone


@unix
def test_a_file_that_is_being_written_is_no_leftover(path):
    with _durable_file._open_locked(str(path)) as file:
        NEW.save(path)
        assert os.path.exists(file.name)
    NEW.save(path)
    assert not temporary_files(path.parent)


def other_files(folder):
    """Make files that only look like leftovers of "net.safetensors"."""
    names = [".net.safetensors.tmp", ".net.safetensors.0123456789ab.tmp.bak", "net.safetensors.tmp"]
    names += [".other.safetensors.0123456789ab.tmp", ".net.safetensors.0123456789AB.tmp"]
    for name in names:
        (folder / name).write_text("mine")
    return names


def test_files_of_others_stay(path):
    names = other_files(path.parent)
    NEW.save(path)
    assert sorted(os.listdir(path.parent)) == sorted([*names, path.name])


# ---- Failures of the system ----------------------------------------------------------------------


class Failing:
    """Has the n-th call of the system's functions for files fail."""

    NAMES = ("open", "fsync", "replace", "chmod", "close", "stat", "fstat", "unlink", "link")

    def __init__(self, monkeypatch, n):
        self.left = n
        for name in self.NAMES:
            monkeypatch.setattr(_durable_file.os, name, self.failing(getattr(os, name)))
        monkeypatch.setattr(_durable_file, "open", self.failing(self.opened), raising=False)

    def failing(self, function):
        def call(*arguments, **options):
            self.left -= 1
            if self.left == 0:
                if function is os_close:
                    function(*arguments)  # Linux closes it, too
                raise OSError(errno.EIO, "made to fail", function.__name__)
            return function(*arguments, **options)

        return call

    def opened(self, name, mode, **options):
        file = open(name, mode, **options)  # noqa: SIM115
        return file if "r" in mode else Written(file, self.failing(file.write))


class Written:
    """A file whose write may fail."""

    def __init__(self, file, write):
        self.file, self.write = file, write

    def __getattr__(self, name):
        return getattr(self.file, name)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()


os_close = os.close


@unix
@pytest.mark.parametrize("keep", [1, 3])
def test_a_fault_at_every_call(path, keep):
    save = cr.Checkpoint(path, keep=keep)
    before = open_descriptors()
    for n in range(1, 1000):
        OLD.save(path)
        failed = True
        with pytest.MonkeyPatch.context() as monkeypatch:
            failing = Failing(monkeypatch, n)
            with contextlib.suppress(OSError):
                keep_older(str(path), save.keep - 1)
                NEW.save(path)
                failed = False
            reached = failing.left <= 0
        assert reached or not failed
        assert content(path) in ((1, 2) if failed or reached else (2,))
        assert open_descriptors() == before
        OLD.save(path)
        assert not temporary_files(path.parent)
        if not reached:
            break
    assert n > 8


@unix
def test_a_write_that_takes_a_part(path, monkeypatch):
    def opened(name, mode, **options):
        file = open(name, mode, **options)  # noqa: SIM115
        return file if "r" in mode else Written(file, lambda data: file.write(data[:1000]))

    monkeypatch.setattr(_durable_file, "open", opened, raising=False)
    NEW.save(path)
    assert content(path) == 2


@unix
@pytest.mark.filterwarnings("ignore:This process.*fork:DeprecationWarning")
def test_a_full_disk(path):
    import resource

    child = os.fork()
    if child == 0:
        try:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (100_000,) * 2)
            NEW.save(path)
        except OSError as error:
            os._exit(0 if error.errno == errno.EFBIG else 2)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert status == 0
    assert content(path) == 1
    assert os.listdir(path.parent) == [path.name]


@pytest.mark.skipif(sys.platform != "linux", reason="needs /dev/full and /sys")
def test_a_folder_that_cannot_be_written_to(path):
    with pytest.raises(OSError, match=r"/sys/"):  # not even by root
        NEW.save("/sys/net.safetensors")
    if os.geteuid() != 0:
        path.parent.chmod(0o555)
        try:
            with pytest.raises(PermissionError):
                NEW.save(path)
        finally:
            path.parent.chmod(0o755)
    assert content(path) == 1


def test_paths_that_are_none(path):
    with pytest.raises(IsADirectoryError, match="is a folder, expected the path of a file"):
        NEW.save(path.parent)
    with pytest.raises(FileNotFoundError, match="nowhere"):
        NEW.save(path.parent / "nowhere" / "net")
    with pytest.raises(OSError, match="net"):
        NEW.save(path / "net")  # below a file
    for wrong in (3, None, ["net"]):
        with pytest.raises(TypeError):
            NEW.save(wrong)
    assert os.listdir(path.parent) == [path.name]
    assert content(path) == 1


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # not closed by us
@pytest.mark.parametrize("kind", [MemoryError, KeyboardInterrupt])
def test_an_exception_at_every_line(path, kind):
    """Wherever in our own code it comes up: the file is whole, and the next save works."""
    own = os.path.dirname(cr.__file__)

    def raising_at(n):
        left = n

        def trace(frame, event, _):
            nonlocal left
            if not frame.f_code.co_filename.startswith(own):
                return None
            if event == "line":
                left -= 1
                if left == 0:
                    raise kind
            return trace

        return trace

    before, old = open_descriptors(), sys.gettrace()
    for n in range(1, 5000):
        raised = False
        sys.settrace(raising_at(n))
        try:
            NEW.save(path)
        except kind:
            raised = True
        finally:
            sys.settrace(old)
        assert content(path) in (1, 2)
        if not raised:
            break
        assert (NEW._steps_made, NEW.parameters[0]) == (0, 2)
    assert n > 100
    OLD.save(path)
    assert content(path) == 1
    assert not temporary_files(path.parent)
    gc.collect()
    assert open_descriptors() <= before + 3  # where closing the folder itself was interrupted


# ---- What is there before ------------------------------------------------------------------------


@unix
def test_permissions_are_kept(path):
    for mode in (0o600, 0o640, 0o444):
        path.chmod(mode)
        NEW.save(path)
        assert stat.S_IMODE(path.stat().st_mode) == mode
    mask = os.umask(0o027)
    try:
        NEW.save(path.parent / "new")
    finally:
        os.umask(mask)
    assert stat.S_IMODE((path.parent / "new").stat().st_mode) == 0o640


@unix
def test_symbolic_links_are_followed(path):
    (path.parent / "folder").mkdir()
    link = path.parent / "folder" / "link"
    link.symlink_to(path)
    NEW.save(link)
    assert link.is_symlink()
    assert content(path) == 2
    assert os.listdir(path.parent / "folder") == ["link"]


@pytest.mark.parametrize("name", ["[ab]*?.safetensors", "größe ☃", "-", "a" * 255, "ß" * 127])
def test_unusual_names(tmp_path, name):
    path = tmp_path / name
    for net in (OLD, NEW):
        net.save(str(path))
        assert os.listdir(tmp_path) == [name]
    assert content(path) == 2
    assert cr.inspect(path).path == str(path)


def test_paths_as_they_come(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for path in ("net", tmp_path / "net", b"net", "./net"):
        NEW.save(path)
        assert content(path) == 2
    assert os.listdir() == ["net"]


@unix
def test_what_is_no_regular_file_stays(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", "/dev/null"):
        with pytest.raises(OSError, match="is no regular file"):
            NEW.save(path)
    assert os.listdir(tmp_path) == ["pipe"]
    with pytest.raises(IsADirectoryError, match="is a folder"):
        NEW.save(f"{tmp_path}/net/")


def test_errors_name_the_path_that_was_asked_for(tmp_path):
    with pytest.raises(FileNotFoundError) as error:
        NEW.save(tmp_path / "none" / "net")
    assert error.value.filename == str(tmp_path / "none" / "net")


def test_two_threads_save_to_one_path(path):
    def save(net):
        for _ in range(30):
            net.save(path)

    threads = [threading.Thread(target=save, args=[net]) for net in (OLD, NEW)]
    for each in threads:
        each.start()
    while any(each.is_alive() for each in threads):
        assert content(path) in (1, 2)
    for each in threads:
        each.join()
    assert not temporary_files(path.parent)
