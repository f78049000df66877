"""The 2 -> 2 layer of invariant graph networks in PyTorch, its 15 maps one by one: value and gradient on one thread.

python3 ign.py [batch] [n] [channels]  prints milliseconds of processor time: the median of blocks, for three ways of writing it.
"""

import json
import statistics
import sys
import time

import torch

torch.set_num_threads(1)
BATCH, N, CHANNELS = (int(given) for given in (sys.argv[1:] + ["8", "30", "32"][len(sys.argv) - 1 :]))


def maps(x):
    """x [batch, n, n, channels] -> the 15 maps of Maron et al. 2019, appendix A, each of the shape of x, sums as means."""
    n = x.shape[1]
    eye = torch.eye(n).reshape(1, n, n, 1)
    diagonal = torch.diagonal(x, dim1=1, dim2=2).transpose(1, 2)
    rows, columns = x.mean(2), x.mean(1)
    trace, total = diagonal.mean(1), x.mean((1, 2))
    down = lambda v: v.unsqueeze(2).expand_as(x)
    across = lambda v: v.unsqueeze(1).expand_as(x)
    everywhere = lambda v: v[:, None, None, :].expand_as(x)
    on_diagonal = lambda v: eye * v.unsqueeze(2)
    return [
        on_diagonal(diagonal),
        eye * trace[:, None, None, :],
        on_diagonal(rows),
        on_diagonal(columns),
        eye * total[:, None, None, :],
        down(columns),
        down(rows),
        across(columns),
        across(rows),
        x,
        x.transpose(1, 2),
        down(diagonal),
        across(diagonal),
        everywhere(trace),
        everywhere(total),
    ]


def one_by_one(x, weight):
    return sum(each @ weight[i] for i, each in enumerate(maps(x)))


def stacked(x, weight):
    return torch.einsum("kbijc,kcd->bijd", torch.stack(maps(x)), weight)


def joined(x, weight):
    return torch.cat(maps(x), -1) @ weight.reshape(-1, weight.shape[-1])


def main():
    torch.manual_seed(0)
    x = torch.randn(BATCH, N, N, CHANNELS, requires_grad=True)
    weight = (torch.randn(15, CHANNELS, CHANNELS) / CHANNELS**0.5).requires_grad_()
    target = torch.randn(BATCH, N, N, CHANNELS)
    ways = {way.__name__: way for way in (one_by_one, stacked, joined)}
    values = [way(x, weight) for way in ways.values()]
    assert all(torch.allclose(value, values[0], atol=1e-4) for value in values)

    def step(way):
        loss = (way(x, weight) * target).sum()
        return torch.autograd.grad(loss, (x, weight))

    times = {name: [] for name in ways}
    for block in range(12):
        for name, way in ways.items():
            start = time.process_time()
            for _ in range(4):
                step(way)
            if block >= 3:
                times[name].append((time.process_time() - start) / 4 * 1000)
    print(json.dumps({name: statistics.median(list_) for name, list_ in times.items()} | {"torch": torch.__version__}))


if __name__ == "__main__":
    main()
