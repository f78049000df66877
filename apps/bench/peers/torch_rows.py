"""The rows of the GPU bench in PyTorch with CUDA, float32 without TF32: python torch_rows.py --out torch.json"""
import torch
from torch import nn
from timing import arguments, measure

options = arguments("torch.json")
torch.backends.cuda.matmul.allow_tf32 = False
torch.backends.cudnn.allow_tf32 = False
torch.set_float32_matmul_precision("highest")
cuda = torch.cuda.is_available()
place = torch.device("cuda" if cuda else "cpu")


def wait():
    if cuda:
        torch.cuda.synchronize()


class Perceptron(nn.Module):
    def __init__(self, widths, activation):
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in zip(widths, widths[1:]))
        self.activation = activation

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = self.activation(layer(x))
        return self.layers[-1](x)


def training(model, loss):
    model.to(place)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=cuda)
    of = torch.compile(loss) if options.compile else loss

    def step():
        optimizer.zero_grad(set_to_none=True)
        of().backward()
        optimizer.step()

    return step


def product(form, n):
    a, b = (torch.rand(n, n, device=place) * 2 - 1 for _ in range(2))
    left = a.T if form == "Aᵀ·B" else a
    right = b.T if form == "A·Bᵀ" else b
    return lambda: left @ right


def points(*shape):
    return torch.rand(*shape, device=place) * 2 - 1


def regression(widths, batch):
    model = Perceptron(widths, torch.tanh)
    x, y = points(batch, widths[0]), points(batch, 1)
    return training(model, lambda: (model(x) - y).square().mean())


def eikonal(widths, batch):
    model = Perceptron(widths, nn.functional.softplus)
    x = points(batch, widths[0]).requires_grad_()

    def loss():
        (slope,) = torch.autograd.grad(model(x).sum(), x, create_graph=True)
        return (slope.square().sum(1).sqrt() - 1).square().mean()

    return training(model, loss)


def divergence(widths, batch):
    model = Perceptron(widths, torch.tanh).to(place)
    x = points(batch, widths[0])
    directions = [torch.eye(widths[0], device=place)[axis].expand_as(x) for axis in range(widths[0])]

    def loss():
        parts = [torch.func.jvp(model, (x,), (along,))[1][:, axis] for axis, along in enumerate(directions)]
        return sum(parts).square().mean()

    return training(model, loss)


def graph(batch, nodes, channels):
    x = points(batch, nodes, nodes, channels)
    model = nn.ModuleDict({
        "left": Perceptron([channels, channels, channels], torch.tanh),
        "right": Perceptron([channels, channels, channels], torch.tanh),
        "last": nn.Linear(2 * channels, channels),
    })

    def loss():
        left, right = torch.tanh(model["left"](x)), torch.tanh(model["right"](x))
        multiplied = torch.einsum("bikc,bkjc->bijc", left, right) / nodes
        return model["last"](torch.cat([x, multiplied], -1)).square().mean()

    return training(model, loss)


def sampling(count, steps, width):
    model = Perceptron([3, width, width, width, 2], torch.tanh).to(place)
    start = points(count, 2)
    h = 1 / steps

    def field(x, t):
        return model(torch.cat([x, torch.full((count, 1), t, device=place)], 1))

    one = torch.compile(field) if options.compile else field

    @torch.no_grad()
    def run():
        x, t = start, 0.0
        for _ in range(steps):
            middle = x + one(x, t) * (h / 2)
            x = x + one(middle, t + h / 2) * h
            t += h
        return x

    return run


jobs = {
    "product": product,
    "regression": regression,
    "eikonal": eikonal,
    "divergence": divergence,
    "graph": graph,
    "sampling": sampling,
}
device = torch.cuda.get_device_name() if cuda else "CPU"
library = f"PyTorch {torch.__version__}{' compiled' if options.compile else ''}"
measure(options, library, device, jobs, wait)
