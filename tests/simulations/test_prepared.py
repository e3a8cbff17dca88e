import jax
import jax.numpy as jnp
import numpy as np

from groktheory import simulations as sim
from groktheory.simulations._prepared import PreparedTask


def test_prepared_task_is_the_task(key):
    spec = sim.ModularAddition(
        modulus=5, train_fraction=0.4, min_train_fraction=0.2, max_train_fraction=0.8
    )
    task = spec.sample(key=key)
    prepared = PreparedTask.of(task)
    for one, other in ((task.train(), prepared.train()), (task.test(), prepared.test())):
        jax.tree.map(np.testing.assert_array_equal, one, other)
    assert prepared.train() is prepared.train_batch


def test_changed_prepared_task_has_new_batches(key):
    spec = sim.ModularAddition(
        modulus=5, train_fraction=0.4, min_train_fraction=0.2, max_train_fraction=0.8
    )
    prepared = PreparedTask.of(spec.sample(key=key))
    assert float(prepared.with_num_train(17).train().size) == 17
    assert float(prepared.with_train_fraction(0.2).train().size) == 5
    assert np.all(np.asarray(prepared.with_targets(jnp.zeros(25, int)).train().targets) == 0)
