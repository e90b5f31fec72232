"""Models of images through the program: two ViTs from different seeds are measured, aligned and merged, against
transformers.

usage: image_test.py BRAID
"""
import pathlib
import tempfile

import torch
import transformers
from safetensors.torch import save_file

from program import braid, check, result

transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()
SIDE, CLASSES = 12, 4


def bars(count, seed):
    """Noisy bars; the class is how they lie."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(0, CLASSES, (count,), generator=generator)
    line = torch.arange(SIDE)
    angle = labels[:, None, None] * torch.pi / CLASSES
    shift = 6.3 * torch.rand(count, 1, 1, generator=generator)
    wave = torch.sin(1.4 * (line[None, :, None] * torch.cos(angle) + line[None, None] * torch.sin(angle)) + shift)
    noise = torch.randn(count, 3, SIDE, SIDE, generator=generator)
    return wave[:, None] + 0.7 * noise, labels


def train(seed, images, labels):
    torch.manual_seed(seed)
    model = transformers.ViTForImageClassification(transformers.ViTConfig(
        hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64, image_size=SIDE, patch_size=4,
        num_labels=CLASSES, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0))
    optimiser = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for step in range(120):
        rows = torch.randint(0, len(images), (64,))
        loss = model(pixel_values=images[rows], labels=labels[rows]).loss
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return model.eval()


def main(place):
    images, labels = bars(1500, 1)
    test, expected = bars(200, 2)
    models = {name: train(seed, images, labels) for name, seed in (("a", 1), ("b", 2))}
    for name, model in models.items():
        model.save_pretrained(place / name)
    a, b = place / "a", place / "b"
    train_file, test_file, bare_file = place / "train.safetensors", place / "test.safetensors", place / "bare.safetensors"
    save_file({"pixel_values": images[:300].contiguous(), "labels": labels[:300].contiguous()}, train_file)
    save_file({"pixel_values": test, "labels": expected}, test_file)
    save_file({"pixel_values": images[:300].contiguous()}, bare_file)
    measure = ["--task", "image", "--data", test_file]

    def theirs(folder):
        model = transformers.ViTForImageClassification.from_pretrained(folder).eval()
        with torch.no_grad():
            logits = model(pixel_values=test).logits
        return torch.nn.functional.cross_entropy(logits, expected).item(), (logits.argmax(1) == expected).float().mean().item()

    losses = {}
    for name in models:
        found = result("evaluate", place / name, *measure)
        loss, accuracy = losses[name] = theirs(place / name)
        check(abs(found["loss"] - loss) < 1e-5, f"loss {found['loss']}, theirs {loss}")
        check(abs(found["metrics"]["accuracy"] - accuracy) < 1e-6, f"accuracy {found['metrics']}, theirs {accuracy}")
        check(accuracy > 0.8, f"{name} learnt nothing: {accuracy}")
    plain = result("barrier", a, b, "--no-align", *measure, "--points", 5)
    barriers = {"plain": plain["barrier"]}
    for name, options in {"weights": ["--method", "weights"],
                          "activations": ["--task", "image", "--data", train_file],
                          "unlabelled": ["--task", "image", "--data", bare_file, "--preset", "paper"]}.items():
        alignment = place / f"{name}.alignment"
        braid("align", a, b, *options, "-o", alignment)
        curve = result("barrier", a, b, "--alignment", alignment, *measure, "--points", 5)
        check(curve["exact"] and abs(curve["loss"][0] - losses["a"][0]) < 1e-4 and
              abs(curve["loss"][-1] - losses["b"][0]) < 1e-4, f"{name}: the ends moved: {curve}")
        barriers[name] = curve["barrier"]
    print({name: round(value, 3) for name, value in barriers.items()})
    check(min(barriers["weights"], barriers["activations"]) < barriers["plain"], f"alignment does not help: {barriers}")
    merged = result("merge", a, b, "--task", "image", "--data", train_file, "--dev", test_file, "-o", place / "m")
    check(abs(theirs(place / "m")[0] - result("evaluate", place / "m", *measure)["loss"]) < 1e-5, "the merged model's loss")
    check(merged["proof"]["relative"] < 1e-8, f"merge: {merged['proof']}")
    braid("verify", a, a)

    # Wrong input.
    text = place / "text.txt"
    text.write_text("no picture\n")
    refused = braid("align", a, b, "--text", text, "-o", place / "x", status=2)
    check("reads images" in refused.stderr, refused.stderr)
    save_file({"pixel_values": test[:, :, :8, :8].contiguous(), "labels": expected}, place / "small.safetensors")
    save_file({"pixel_values": test, "labels": expected + CLASSES}, place / "other.safetensors")
    save_file({"pixel_values": test, "labels": expected, "extra": expected.clone()}, place / "extra.safetensors")
    save_file({"pixel_values": test * float("nan"), "labels": expected}, place / "broken.safetensors")
    save_file({"pixel_values": test, "labels": expected[:7].contiguous()}, place / "short.safetensors")
    for file, words in (("small", "images have shape [3, 8, 8], but the model reads [3, 12, 12]"),
                        ("other", "is not one of the 4 classes"), ("extra", "'extra' is unknown"),
                        ("broken", "NaN or infinity in image 0"), ("short", "expected integers (200)"),
                        ("bare", "has no tensor 'labels'")):
        refused = braid("evaluate", a, "--task", "image", "--data", place / f"{file}.safetensors", status=2)
        check(words in refused.stderr, f"{file}: {refused.stderr}")
    braid("evaluate", a, "--task", "image", "--text", text, status=2)


if __name__ == "__main__":
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        main(pathlib.Path(folder))
