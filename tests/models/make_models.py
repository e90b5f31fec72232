"""Writes small models with random weights as Hugging Face writes them, each with its float64 outputs.

Usage: make_models.py FOLDER. A folder a model, plus outputs.safetensors: input_ids, attention_mask,
token_type_ids, and of logits, sentence (classifier logits), hidden what the model has.
"""
import sys
from pathlib import Path

import torch
import transformers
from safetensors.torch import save_file
from transformers import (BertConfig, BertForMaskedLM, BertForPreTraining, BertForSequenceClassification, BertModel,
                          GPT2Config, GPT2LMHeadModel, GPT2Model)

transformers.logging.set_verbosity_error()


def write(folder, name, kind, seed, legacy=False, shard=None, **options):
    torch.manual_seed(seed)
    if kind in (GPT2LMHeadModel, GPT2Model):
        config = GPT2Config(vocab_size=53, n_embd=24, n_layer=3, n_head=3, n_positions=20, initializer_range=0.3,
                            **options)
    else:
        config = BertConfig(vocab_size=53, hidden_size=24, num_hidden_layers=3, num_attention_heads=3,
                            intermediate_size=40, max_position_embeddings=20, initializer_range=0.3,
                            hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, **options)
    model = kind(config).double().eval()
    for parameter in model.parameters():  # biases and gains too
        parameter.data += 0.1 * torch.randn_like(parameter)
    model.tie_weights()
    out = Path(folder) / name
    if legacy:  # as MultiBERTs ship: torch.save, gamma and beta, the tied decoder twice
        out.mkdir()
        config.architectures = [kind.__name__]
        config.save_pretrained(out)
        rename = lambda key: key.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta")
        torch.save({rename(k): v for k, v in model.state_dict().items()}, out / "pytorch_model.bin",
                   _use_new_zipfile_serialization=legacy == "zip")
    else:
        model.save_pretrained(out, **({"max_shard_size": shard} if shard else {}))
    ids = torch.randint(0, 53, (4, 13))
    mask = torch.ones(4, 13, dtype=torch.long)
    mask[1, 9:] = 0
    mask[3, 4:] = 0
    types = torch.zeros_like(ids)
    types[2, 6:] = 1
    with torch.no_grad():
        result = model(input_ids=ids, attention_mask=mask, token_type_ids=types)
    outputs = {"input_ids": ids, "attention_mask": mask, "token_type_ids": types}
    if kind is BertForSequenceClassification:
        outputs["sentence"] = result.logits
    elif kind is BertForPreTraining:
        outputs["logits"], outputs["sentence"] = result.prediction_logits, result.seq_relationship_logits
    elif kind in (BertModel, GPT2Model):
        outputs["hidden"] = result.last_hidden_state
    else:
        outputs["logits"] = result.logits
    save_file({k: v.contiguous() for k, v in outputs.items()}, out / "outputs.safetensors")


folder = sys.argv[1]
for activation in ("gelu", "gelu_new", "relu"):
    write(folder, f"masked-{activation}", BertForMaskedLM, 1, hidden_act=activation)
write(folder, "masked-untied", BertForMaskedLM, 2, tie_word_embeddings=False)
write(folder, "masked-sharded", BertForMaskedLM, 3, shard="20KB")
write(folder, "pretraining", BertForPreTraining, 4)
write(folder, "pretraining-zip", BertForPreTraining, 4, legacy="zip")
write(folder, "pretraining-legacy", BertForPreTraining, 4, legacy="legacy")
write(folder, "classifier", BertForSequenceClassification, 5, num_labels=3)
write(folder, "encoder", BertModel, 6)
write(folder, "gpt2", GPT2LMHeadModel, 7)
write(folder, "gpt2-untied", GPT2LMHeadModel, 8, tie_word_embeddings=False, n_inner=40, activation_function="relu")
write(folder, "gpt2-legacy", GPT2LMHeadModel, 9, legacy="legacy")
write(folder, "gpt2-bare", GPT2Model, 10)
