import jax
import numpy as np

from groktheory import simulations as sim


def test_each_half_of_the_task_is_counted_apart(key):
    task = sim.ModularAddition(5, train_fraction=0.6).sample(key=key)
    is_train = np.asarray(task.train_mask)

    def right_on_train(operands):
        is_known = is_train[operands[0] * 5 + operands[1]]
        return jax.nn.one_hot((operands.sum() + 1 - is_known) % 5, 5)

    is_train = jax.numpy.asarray(is_train, int)
    assert float(sim.measures.train_accuracy(right_on_train, task)) == 1
    assert float(sim.measures.test_accuracy(right_on_train, task)) == 0
