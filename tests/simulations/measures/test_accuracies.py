import jax
import numpy as np
import pytest

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


def test_nearest_target_is_searched_among_all_candidates(key):
    task = sim.tasks.AdditionTable(num_symbols=4, num_train=6, num_outputs=5).sample(key=key)
    vectors = {
        int(i + j): y for (i, j), y in zip(task.inputs, np.asarray(task.targets), strict=True)
    }

    class Shifted:
        """Answers some pairs with a point nearest to the vector of another sum."""

        def batched(self, pairs):
            sums = np.asarray(pairs).sum(axis=1)
            answers = np.stack([vectors[s] for s in range(7)])[np.where(sums == 3, 5, sums)]
            return jax.numpy.asarray(answers + 0.1)

    for batch in (task.train(), task.test()):
        sums = np.asarray(batch.inputs).sum(axis=1)
        found = sim.measures.nearest_target_accuracy(Shifted(), batch, task.targets)
        assert float(found) == pytest.approx(np.mean(sums != 3))


def test_nearest_target_counts_rows_by_their_weights():
    batch = sim.tasks.Batch(
        jax.numpy.array([[0.0], [1.0], [2.0]]),
        jax.numpy.array([[0.0], [0.0], [2.0]]),
        jax.numpy.array([1.0, 1.0, 0.0]),
    )
    candidates = jax.numpy.array([[0.0], [2.0], [0.9]])
    assert float(sim.measures.nearest_target_accuracy(lambda x: x, batch, candidates)) == 0.5
