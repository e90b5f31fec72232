"""Every family's folders through the program: what braid writes loads in transformers without a word and computes what
the model did; a model merged with its canonical form is the model.

usage: family_folders_test.py BRAID
"""
import json
import logging
import pathlib
import subprocess
import sys
import tempfile

import torch
import transformers
from safetensors.torch import load_file

from program import braid, check

transformers.logging.set_verbosity_warning()
transformers.logging.disable_progress_bar()
MODELS = pathlib.Path(__file__).parents[1] / "models/make_models.py"


class Words(logging.Handler):
    """What is logged."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.said = []

    def emit(self, record):
        if not record.getMessage().startswith(("Model config:", "`rope_parameters`")):  # of so small models
            self.said.append(record.getMessage())


def load(folder):
    """The class that config.json names, what is said on the way, and which tensors are not read or not there."""
    kind = getattr(transformers, json.loads((folder / "config.json").read_text())["architectures"][0])
    words = Words()
    logging.getLogger("transformers").addHandler(words)
    model, info = kind.from_pretrained(folder, dtype=torch.float64, output_loading_info=True)
    logging.getLogger("transformers").removeHandler(words)
    return model.eval(), words.said, {key: value for key, value in info.items() if value}


def outputs(folder, inputs, source):
    """By transformers, which says no more of the folder than of the one it came from (a T5 with a decoder of its own)."""
    model, said, unread = load(folder)
    check(not unread and set(said) <= set(load(source)[1]), f"{folder}: transformers says {unread} {said}")
    if "decoder_start_token_id" in model.config.to_dict() and model.config.is_encoder_decoder:
        ids = inputs["input_ids"]
        start = torch.full_like(ids[:, :1], model.config.decoder_start_token_id)
        inputs = inputs | {"decoder_input_ids": torch.cat([start, ids[:, :-1]], 1)}
    with torch.no_grad():
        result = model(**inputs)
    names = ("logits", "prediction_logits", "seq_relationship_logits", "sop_logits", "last_hidden_state", "pooler_output")
    return {name: result[name] for name in names if name in result and result[name] is not None}


def compare(one, other, inputs, what):
    for name, expected in one.items():
        found = other[name]
        if found.dim() == 3 and "attention_mask" in inputs:
            shown = inputs["attention_mask"].bool()
            expected, found = expected[shown], found[shown]
        gap = ((expected - found).abs().max() / expected.abs().max()).item()
        check(gap < 2e-6, f"{what}: {name} differ by {gap}")


def main(place):
    subprocess.run([sys.executable, "-W", "ignore", MODELS, place], check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    folders = sorted(folder for folder in place.iterdir() if (folder / "config.json").exists())
    check(len(folders) > 70, f"only {len(folders)} models")
    for folder in folders:
        inputs = load_file(folder / "outputs.safetensors")
        inputs = {name: inputs[name] for name in ("input_ids", "attention_mask", "token_type_ids", "pixel_values")
                  if name in inputs}
        source = place / "hf-olmo-source" if folder.name == "hf-olmo" else folder
        # Folders of old files are read by transformers, with words; what braid writes is not.
        plain, form, merged = (place / f"{folder.name}.{name}" for name in ("plain", "canonical", "merged"))
        braid("interpolate", folder, folder, "--t", "0", "-o", plain)
        braid("canonicalise", folder, "-o", form)
        expected = outputs(plain, inputs, source)
        stored = load_file(source / "outputs.safetensors")
        for name, key in (("logits", "logits"), ("logits", "sentence"), ("last_hidden_state", "hidden")):
            if name in expected and key in stored:
                compare({name: stored[key]}, {name: expected[name].reshape(stored[key].shape)}, inputs, plain)
        compare(expected, outputs(form, inputs, source), inputs, form)
        bare = "last_hidden_state" in expected
        braid("merge", folder, folder, "--method", "weights", "-o", merged, *(["--components", "ffn"] if bare else []))
        compare(expected, outputs(merged, inputs, source), inputs, merged)
    print(f"{len(folders)} models of {len({json.loads((f / 'config.json').read_text())['model_type'] for f in folders})} "
          "families are written as transformers reads them")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        main(pathlib.Path(folder))
