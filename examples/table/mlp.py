"""Git Re-Basin's MLP (Ainsworth et al. 2023): 784-512-512-512-10, on digits of our own making.

    python mlp.py train 1 a.safetensors        # a model from seed 1; seed 2 to b.safetensors
    braid align a.safetensors b.safetensors --table mlp.yaml --method weights -o ab.alignment
    braid transform b.safetensors --table mlp.yaml --alignment ab.alignment -o b-aligned
    python mlp.py barrier a.safetensors b.safetensors b-aligned/model.safetensors

`outputs` is what `braid verify a.safetensors --table mlp.yaml --callable mlp.py:outputs` asks.
"""
import sys

import torch
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn import functional as F

GLYPHS = """
.###. ..#.. .###. ####. ...#. ##### .###. ##### .###. .###.
#...# .##.. #...# ....# ..##. #.... #.... ....# #...# #...#
#..## ..#.. ....# ....# .#.#. ####. #.... ...#. #...# #...#
#.#.# ..#.. ...#. .###. #..#. ....# ####. ..#.. .###. .####
##..# ..#.. ..#.. ....# ##### ....# #...# ..#.. #...# ....#
#...# ..#.. .#... ....# ...#. #...# #...# ..#.. #...# ....#
.###. .###. ##### ####. ...#. .###. .###. ..#.. .###. .###.
"""


def digits(count, seed):
    """(count, 784) images about as hard as MNIST's, and their labels: glyphs, warped, blurred, with noise."""
    rows = [line.split() for line in GLYPHS.split("\n") if line]
    glyphs = torch.tensor([[[float(c == "#") for c in row[d]] for row in rows] for d in range(10)])
    glyphs = F.pad(F.interpolate(glyphs[:, None], size=(20, 14), mode="bilinear"), (7, 7, 4, 4))
    draw = torch.Generator().manual_seed(seed)
    normal = lambda *shape: torch.randn(*shape, generator=draw)
    labels = torch.randint(10, (count,), generator=draw)
    images = []
    for part in labels.split(2000):
        n = len(part)
        maps = torch.eye(2, 3) + torch.cat([0.12 * normal(n, 2, 2), 0.08 * normal(n, 2, 1)], 2)
        grid = F.affine_grid(maps, (n, 1, 28, 28), align_corners=False)
        waves = F.interpolate(0.06 * normal(n, 2, 4, 4), size=(28, 28), mode="bicubic")  # strokes bend
        warped = F.grid_sample(glyphs[part], grid + waves.permute(0, 2, 3, 1), align_corners=False)
        thick = torch.rand(n, 1, 1, 1, generator=draw)
        warped = thick * warped + (1 - thick) * F.avg_pool2d(warped, 3, 1, 1)
        images.append((warped + 0.15 * normal(n, 1, 28, 28)).flatten(1))
    return torch.cat(images), labels


class MLP(nn.Module):
    def __init__(self, width=512):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(784, width), nn.Linear(width, width)
        self.fc3, self.fc4 = nn.Linear(width, width), nn.Linear(width, 10)

    def forward(self, x):
        return self.fc4(F.relu(self.fc3(F.relu(self.fc2(F.relu(self.fc1(x)))))))


def model_of(state):
    model = MLP(state["fc1.bias"].shape[0]).to(state["fc1.bias"].dtype)
    model.load_state_dict(state)
    return model


def outputs(state):
    """The logits of 200 digits, in the dtype of the parameters."""
    return model_of(state)(digits(200, 7)[0].to(state["fc1.bias"].dtype))


def train(seed, path, samples=60_000, epochs=20, batch=500):
    images, labels = digits(samples, 0)  # every model sees the same
    torch.manual_seed(seed)
    model = MLP()
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-3)
    steps = epochs * (samples // batch)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    for epoch in range(epochs):
        for rows in torch.randperm(samples).split(batch):
            loss = F.cross_entropy(model(images[rows]), labels[rows])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
    save_file(model.state_dict(), path)
    print(f"{path}: loss and accuracy on 10,000 others {score(model.state_dict(), *digits(10_000, 1))}")


@torch.no_grad()
def score(state, images, labels):
    logits = model_of(state)(images)
    return round(F.cross_entropy(logits, labels).item(), 4), round((logits.argmax(1) == labels).float().mean().item(), 4)


def barrier(a, *others):
    """Losses on the straight path from A to each of the others, on the training digits and on 10,000 others."""
    a = load_file(a)
    for name, (images, labels) in {"training": digits(60_000, 0), "test": digits(10_000, 1)}.items():
        for path in others:
            b = load_file(path)
            points = [{k: (1 - t) * a[k] + t * b[k] for k in a} for t in (i / 24 for i in range(25))]
            losses, accuracies = zip(*(score(point, images, labels) for point in points))
            height = max(losses) - (losses[0] + losses[-1]) / 2
            print(f"{name}, {path}: ends {losses[0]} and {losses[-1]}, middle {losses[12]}, barrier {height:.4f}; "
                  f"accuracy {accuracies[0]}, {accuracies[-1]}, middle {accuracies[12]}")


if __name__ == "__main__":
    if len(sys.argv) >= 4 and sys.argv[1] == "train":
        train(int(sys.argv[2]), sys.argv[3], *map(int, sys.argv[4:]))
    elif len(sys.argv) >= 4 and sys.argv[1] == "barrier":
        barrier(*sys.argv[2:])
    else:
        sys.exit(__doc__)
