"""Losses of ready batches against transformers: padding on either side and inside, token types, given positions.
Usage: batches_differential.py BRAID"""
import json
import pathlib
import subprocess
import sys
import tempfile

import torch
import transformers
from safetensors.torch import save_file

SMALL = {"vocab_size": 40}
BERT = transformers.BertConfig(**SMALL, hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
                               intermediate_size=24, max_position_embeddings=20)
GPT2 = transformers.GPT2Config(**SMALL, n_embd=16, n_layer=2, n_head=2, n_positions=20, bos_token_id=0,
                               eos_token_id=0)
MASKS = {"none": torch.ones(3, 12), "right": torch.arange(12).lt(torch.tensor([[12], [7], [4]])),
         "left": torch.arange(12).ge(torch.tensor([[0], [5], [8]])),
         "both": torch.arange(12).ge(torch.tensor([[1], [5], [0]])) & torch.arange(12).lt(9),
         "inside": torch.arange(12).remainder(5).ne(torch.tensor([[2], [3], [4]])),
         "more than there are positions": torch.ones(3, 24),
         "an empty row": torch.ones(3, 12) * torch.tensor([[1], [0], [1]])}


def cases(draw):
    for name, mask in MASKS.items():
        mask = mask.long()
        for typed in (False, True):
            for placed in (False, True):
                if mask.shape[1] > 20 and not placed:
                    continue
                ids, labels = draw(40, mask.shape), draw(40, mask.shape)
                # Nothing is asked of a hidden token, nor of a token that follows one, which it predicts in GPT-2.
                asked = (mask == 1) & (mask.roll(1, 1) == 1)
                yield f"{name}{', types' * typed}{', positions' * placed}", {
                    "input_ids": ids, "labels": torch.where(asked, labels, -100),
                    **({"attention_mask": mask} if not mask.all() else {}),
                    **({"token_type_ids": draw(2, mask.shape)} if typed else {}),
                    **({"position_ids": draw(20, mask.shape)} if placed else {})}


def main(braid, place):
    generator = torch.Generator().manual_seed(0)
    wrong = count = 0
    for config, kind, task in ((BERT, transformers.BertForMaskedLM, "mlm"), (GPT2, transformers.GPT2LMHeadModel, "clm")):
        torch.manual_seed(0)
        model = kind(config).double().eval()
        for parameter in model.parameters():  # at initialisation, nothing would depend on types or positions much
            parameter.data.normal_(0, .5, generator=generator)
        model.save_pretrained(place / task)
        for name, tensors in cases(lambda most, shape: torch.randint(0, most, shape, generator=generator)):
            tensors = {key: value.contiguous() for key, value in tensors.items()}
            save_file(tensors, place / "batches.safetensors")
            with torch.no_grad():
                theirs = model(**tensors).loss.item()
            done = subprocess.run([braid, "evaluate", place / task, "--task", task, "--batches",
                                   place / "batches.safetensors", "--json", "-"], capture_output=True, text=True)
            ours = json.loads(done.stdout)["loss"] if done.returncode == 0 else done.stderr
            count += 1
            if done.returncode or abs(ours - theirs) > 1e-5 * theirs:
                wrong += 1
                print(f"WRONG: {task}, {name}: {ours}, transformers {theirs}")
    print(f"{count} files of batches, {wrong} differ from transformers")
    return wrong > 0


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        sys.exit(main(sys.argv[1], pathlib.Path(folder)))
