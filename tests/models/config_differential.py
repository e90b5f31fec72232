"""Changes what config.json says and compares braid with transformers: the same outputs, or refused by the key.

usage: config_differential.py MODEL_OUTPUTS [--models N] [--seed N]

Models of every family that reads texts and has one stack, with one to three keys set to another value: of its own
kind, none, or one that means something elsewhere. transformers makes and saves each; braid must compute the
same from the folder, or refuse it by one of the keys that were changed. Status 1 where it does neither.
"""

import argparse
import collections
import json
import os
import pathlib
import random
import re
import sys
import tempfile

os.environ["TOKENIZERS_PARALLELISM"] = "false"
import safetensors.torch
import torch
import transformers

sys.path[:0] = [str(pathlib.Path(__file__).parent), str(pathlib.Path(__file__).parent.parent)]
from checkpoint_differential import PER_TOKEN, Program

transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()
SIZES = {"vocab_size": 31, "hidden_size": 24, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 40,
         "max_position_embeddings": 20}
MORE = {"bert": {}, "gpt2": {}, "gpt_neox": {"num_attention_heads": 3}, "roberta": {"type_vocab_size": 1},
        "xlm-roberta": {"type_vocab_size": 1}, "camembert": {"type_vocab_size": 1}, "distilbert": {},
        "electra": {"embedding_size": 12}, "albert": {"embedding_size": 12},
        "deberta-v2": {"relative_attention": True, "position_biased_input": False, "pos_att_type": ["p2c", "c2p"],
                       "share_att_key": True, "position_buckets": 4, "norm_rel_ebd": "layer_norm", "type_vocab_size": 0},
        "opt": {"ffn_dim": 40, "word_embed_proj_dim": 24},
        "modernbert": {"local_attention": 6, "cls_token_id": 1, "sep_token_id": 2}, "olmo": {},
        **{name: {"num_key_value_heads": 2} for name in ("llama", "mistral", "qwen2", "qwen3", "olmo2")}}
CASTS = ("llama", "mistral", "qwen2", "qwen3", "olmo", "olmo2", "gpt_neox", "modernbert")  # to float32 inside
KINDS = {"MaskedLM": {"vocabulary logits": "logits"}, "CausalLM": {"vocabulary logits": "logits"},
         "SequenceClassification": {"label logits": "logits"},
         "TokenClassification": {"logits of token labels": "logits"}, "Model": {"hidden states": "last_hidden_state"}}
ACTIVATIONS = ["gelu", "relu", "gelu_new", "silu", "gelu_pytorch_tanh", "tanh", "quick_gelu", "relu2"]
ROPES = [{"rope_type": "default", "rope_theta": 50.0}, {"rope_type": "linear", "factor": 2.0, "rope_theta": 50.0},
         {"rope_type": "dynamic", "factor": 2.0, "rope_theta": 50.0},
         {"rope_type": "default", "rope_theta": 50.0, "partial_rotary_factor": 0.5},
         {"rope_type": "yarn", "factor": 4.0, "rope_theta": 50.0, "original_max_position_embeddings": 8},
         {"rope_type": "llama3", "factor": 2.0, "rope_theta": 50.0, "original_max_position_embeddings": 8,
          "low_freq_factor": 1.0, "high_freq_factor": 4.0}]
LEGACY = {"rope_scaling": [*ROPES, {"type": "linear", "factor": 4.0}, {}, None,
                           {"full_attention": ROPES[1], "sliding_attention": ROPES[1]}],
          "original_max_position_embeddings": [8, 12], "rope_theta": [50.0]}  # keys that saving replaces by rope_parameters
VALUES = LEGACY | {"num_attention_heads": [1, 2, 3, 6, 8], "num_key_value_heads": [1, 2, 4, None], "head_dim": [4, 6, 8, None],
          "sliding_window": [None, 3, 4], "use_sliding_window": [True, False], "max_window_layers": [0, 1, 2],
          "layer_types": [["full_attention", "full_attention"], ["sliding_attention", "full_attention"], None],
          "rope_parameters": ROPES, "tie_word_embeddings": [True, False], "is_decoder": [True], "hidden_size": [24, 48],
          "chunk_size_feed_forward": [2], "add_cross_attention": [True], "clip_qkv": [0.5, None],
          "position_embedding_type": ["relative_key"], "classifier_pooling": ["mean", "cls"],
          "pad_token_id": [0, 5, None], "rotary_pct": [0.5, 1.0], "partial_rotary_factor": [0.5, 1.0],
          "embedding_size": [24, 12], "word_embed_proj_dim": [24, 12],
          "num_hidden_groups": [1, 2], "inner_group_num": [2], "local_attention": [2, 6],
          "pos_att_type": ["c2p", "p2c|c2p", ["p2c"], [], None, "p2p"], "norm_rel_ebd": ["none", "layer_norm"],
          "position_buckets": [-1, 4, 8], "max_relative_positions": [-1, 6, 30], "conv_kernel_size": [3, 0],
          "per_layer_config": [None, {"0": {"layer_norm_eps": 0.1}}], "quantization_config": [{"quant_method": "gptq"}],
          "is_encoder_decoder": [True], "problem_type": ["regression"], "output_hidden_states": [True],
          "return_dict": [True], "global_attn_every_n_layers": [1, 2], "type_vocab_size": [1, 2], "n_inner": [None, 40]}
SHOWN_AS = {"num_attention_heads": "of a head's", "legacy": "cls.predictions"}
# Every configuration may have these, its class or not.
COMMON = ("tie_word_embeddings", "chunk_size_feed_forward", "is_decoder", "add_cross_attention", "per_layer_config",
          "quantization_config", "is_encoder_decoder", "problem_type", "output_hidden_states", "return_dict")
KEPT = {"vocab_size", "max_position_embeddings", "n_positions", "transformers_version", "model_type"}


def classes(family):
    """The classes that transformers has for it, of the kinds above. GPT-2's language model has a name of its own."""
    made = type(transformers.AutoConfig.for_model(family))
    stem = made.__name__.removesuffix("Config")
    names = [name for name in dir(transformers) if name.startswith(stem)]
    found = {}
    for name in names:
        ending = re.fullmatch(stem + "(?:For)?(" + "|".join(KINDS) + ")(?:Model)?", name)
        kind = ending and ending[1]
        if kind == "CausalLM" and any(name.replace("CausalLM", "MaskedLM") == other for other in names):
            continue  # an encoder's, as a decoder
        if kind and getattr(getattr(transformers, name), "config_class", None) is made:
            found[name] = kind
    return found | ({"GPT2LMHeadModel": "CausalLM"} if family == "gpt2" else {})


def other(rng, key, value):
    if key in VALUES:
        return rng.choice(VALUES[key])
    if "act" in key and isinstance(value, str):
        return rng.choice(ACTIVATIONS)
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return rng.choice([value + 1, 0, 1, 2, None])
    if isinstance(value, float):
        return rng.choice([0.0, 0.1, 1.0, value * 2])
    return rng.choice([None, True, 1, 0.5, "other"])


def draw(rng, family):
    """A model and the keys that were changed; None: transformers has none such."""
    kinds = classes(family)
    name = rng.choice(sorted(kinds))
    sizes = SIZES | MORE[family] | {"pad_token_id": 0}
    config = transformers.AutoConfig.for_model(family, **sizes)
    own = set(config.to_dict()) - set(transformers.PreTrainedConfig().to_dict()) - KEPT
    legacy = set(LEGACY) if "rope_parameters" in own else set()
    config_keys = rng.sample(sorted(own | legacy | set(COMMON) | {"pad_token_id"}), rng.choice([1, 1, 2, 3]))
    changed = {key: other(rng, key, getattr(config, key, None)) for key in config_keys}
    try:
        config = transformers.AutoConfig.for_model(family, **sizes | changed)
        model = getattr(transformers, name)(config).double().eval()
    except Exception:  # whatever they raise
        return None
    made = torch.Generator().manual_seed(rng.randrange(2**40))
    for parameter_name, parameter in model.named_parameters():
        gain = parameter.dim() == 1 and parameter_name.endswith("weight")
        parameter.data = 0.3 * torch.randn(parameter.shape, generator=made, dtype=torch.float64) + gain
    return model, kinds[name], changed


def batch(rng, config):
    ids = torch.tensor([[rng.randrange(6, 31) for _ in range(9)] for _ in range(3)])
    mask, types = torch.ones_like(ids), torch.zeros_like(ids)
    if isinstance(config.pad_token_id, int) and 0 <= config.pad_token_id < 31:
        for row, length in ((1, 6), (2, 4)):
            mask[row, length:], ids[row, length:] = 0, config.pad_token_id
    else:
        ids, mask, types = ids[:1], mask[:1], types[:1]
    if (getattr(config, "type_vocab_size", 0) or 0) > 1:
        types[:, 3:5] = 1
    return {"input_ids": ids, "attention_mask": mask, "token_type_ids": types}


def compute(model, inputs):
    typed = model.config.model_type == "gpt2" or inputs["token_type_ids"].any()
    with torch.no_grad():
        return model(**{name: x for name, x in inputs.items() if name != "token_type_ids" or typed})


def difference(theirs, model, kind, inputs, found):
    for name, field in KINDS[kind].items():
        if name not in found:
            return f"{name} not among {', '.join(found)}"
        x, ours, mask = theirs[field], found[name], inputs["attention_mask"]
        if x.shape != ours.shape:
            return f"{name}: {list(x.shape)}; braid {list(ours.shape)}"
        if name in PER_TOKEN:
            x, ours = x * mask[..., None], ours * mask[..., None]
        if not x.isfinite().all():
            continue
        error = ((x - ours).abs().max() / x.abs().max()).item()
        if not error < (1e-5 if model.config.model_type in CASTS else 1e-9):
            return f"{name}: off by {error:.2g}"
    return ""


def judge(program, drawn, rng, scratch):
    model, kind, changed = drawn
    folder = scratch / "model"
    model.save_pretrained(folder)
    legacy = {key: value for key, value in changed.items() if key in LEGACY}
    if legacy:
        written = json.loads((folder / "config.json").read_text())
        if "rope_parameters" not in changed:
            del written["rope_parameters"]
        (folder / "config.json").write_text(json.dumps(written | legacy))
    inputs = batch(rng, model.config)
    try:
        if legacy:
            model = type(model).from_pretrained(folder, dtype=torch.float64).eval()
        theirs = compute(model, inputs)
    except Exception:
        return "no answer", ""
    safetensors.torch.save_file(inputs, scratch / "batch.safetensors")
    found, answer = program(folder, scratch / "batch.safetensors", scratch / "outputs.safetensors")
    if found is not None:
        wrong = difference(theirs, model, kind, inputs, found)
        return ("DIFFER", wrong) if wrong else ("same", "")
    keys = [inner for key, value in changed.items() for inner in [key, *(value if isinstance(value, dict) else [])]]
    named = [key for key in keys if key in answer or SHOWN_AS.get(key, key) in answer]
    return ("refused", named[0]) if named else ("DIFFER", f"braid refuses: {answer}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("program")
    parser.add_argument("--models", type=int, default=25, help="a family")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--family", nargs="*", default=list(MORE))
    options = parser.parse_args()
    torch.set_num_threads(1)
    program, rng, table, reasons, differs = Program(options.program), random.Random(options.seed), {}, {}, 0
    with tempfile.TemporaryDirectory() as name:
        for family in options.family:
            row = table[family] = collections.Counter()
            for _ in range(options.models):
                drawn = draw(rng, family)
                verdict, why = judge(program, drawn, rng, pathlib.Path(name)) if drawn else ("no answer", "")
                row[verdict] += 1
                if verdict == "DIFFER":
                    print(f"{type(drawn[0]).__name__}, {drawn[2]}: {why}", flush=True)
                    differs += 1
    verdicts = ["same", "refused", "no answer", "DIFFER"]
    print(f"{'family':16}" + "".join(f"{v:>12}" for v in verdicts))
    for family, row in table.items():
        print(f"{family:16}" + "".join(f"{row[v]:12}" for v in verdicts))
    return differs > 0


if __name__ == "__main__":
    sys.exit(main())
