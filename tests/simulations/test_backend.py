import os
import subprocess
import sys
from importlib.metadata import version

import jax
import pytest

from groktheory.simulations import backend


def test_this_backend_computes_what_numpy_computes():
    backend.self_check()


def test_a_wrong_backend_is_named_with_a_remedy(monkeypatch):
    right = backend._reduced_products
    monkeypatch.setattr(backend, "_reduced_products", lambda w, x: right(w, x).at[17_000].add(1.0))
    with pytest.raises(RuntimeError, match=rf"jaxlib {version('jaxlib')} computes wrong.*0\.8\.3"):
        backend.self_check.__wrapped__()


def test_describe_names_versions_and_devices():
    assert backend.describe()["jax"] == jax.__version__


@pytest.mark.parametrize("flags", ["", "--xla_dump_to=/nowhere"])
def test_importing_the_package_sets_the_guard_and_keeps_other_flags(flags):
    program = "import os, groktheory; print(os.environ.get('XLA_FLAGS', ''))"
    result = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "XLA_FLAGS": flags},
        capture_output=True,
        text=True,
        check=True,
    )
    major, minor = (int(part) for part in version("jaxlib").split(".")[:2])
    assert flags in result.stdout
    assert ("ynn_fusion_type=-reduce" in result.stdout) == ((0, 9) <= (major, minor) < (0, 11))


def test_the_guard_leaves_a_choice_of_the_user_alone():
    chosen = "--xla_cpu_experimental_ynn_fusion_type="
    program = "import os, groktheory; print(os.environ['XLA_FLAGS'])"
    result = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "XLA_FLAGS": chosen},
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout.strip() == chosen
