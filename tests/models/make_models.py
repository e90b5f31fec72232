"""Writes small models with random weights as Hugging Face writes them, each with its float64 outputs.

Usage: make_models.py FOLDER. A folder a model, plus outputs.safetensors: input_ids, attention_mask,
token_type_ids where it reads them, and of logits, sentence (classifier logits), hidden what it has.
"""
import json
import shutil
import sys
from pathlib import Path

import torch
import transformers
from safetensors.torch import load_file, save_file
from transformers import (AlbertForMaskedLM, AlbertForPreTraining, AlbertForSequenceClassification, AlbertModel,
                          BertForMaskedLM, BertForPreTraining, BertForSequenceClassification, BertModel,
                          GPT2LMHeadModel, GPT2Model, GPTNeoXForCausalLM, GPTNeoXForSequenceClassification,
                          GPTNeoXModel, LlamaForCausalLM, LlamaForSequenceClassification, LlamaModel,
                          MistralForCausalLM, Qwen2ForCausalLM, CamembertForMaskedLM, DistilBertForMaskedLM,
                          DistilBertForSequenceClassification, DistilBertModel, RobertaForMaskedLM,
                          RobertaForSequenceClassification, RobertaModel, XLMRobertaForMaskedLM, Qwen3ForCausalLM,
                          Olmo2ForCausalLM, OlmoForCausalLM, OlmoModel, OPTForCausalLM, OPTForSequenceClassification,
                          ModernBertForMaskedLM, ModernBertForSequenceClassification, ModernBertModel,
                          ElectraForMaskedLM, ElectraForPreTraining, ElectraForSequenceClassification, ElectraModel,
                          DebertaV2ForMaskedLM, DebertaV2ForSequenceClassification, DebertaV2Model,
                          DeiTForImageClassification, DeiTForImageClassificationWithTeacher, DeiTModel,
                          ViTForImageClassification, ViTModel, MT5ForConditionalGeneration, T5ForConditionalGeneration)

transformers.logging.set_verbosity_error()
SIZES = {"vocab_size": 53, "hidden_size": 24, "num_hidden_layers": 3, "num_attention_heads": 3, "intermediate_size": 40,
         "max_position_embeddings": 20, "initializer_range": 0.3}
OTHER_SIZES = {"bert": {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}, "gpt2": {"n_inner": None},
               "llama": {"num_attention_heads": 4, "num_key_value_heads": 2},
               "mistral": {"num_attention_heads": 6, "num_key_value_heads": 2},
               "qwen2": {"num_attention_heads": 4, "num_key_value_heads": 1},
               "qwen3": {"num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 8},
               "olmo": {"num_attention_heads": 4, "num_key_value_heads": 2},
               "olmo2": {"num_attention_heads": 4, "num_key_value_heads": 2},
               "opt": {"ffn_dim": 40, "dropout": 0.0},
               "modernbert": {"local_attention": 6, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2,
                              "cls_token_id": 1, "sep_token_id": 2}}
OTHER_SIZES["electra"] = OTHER_SIZES["bert"] | {"embedding_size": 12}
OTHER_SIZES["albert"] = OTHER_SIZES["electra"]
OTHER_SIZES["deberta-v2"] = OTHER_SIZES["bert"] | {
    "relative_attention": True, "position_biased_input": False, "pos_att_type": ["p2c", "c2p"], "position_buckets": 4,
    "share_att_key": True, "norm_rel_ebd": "layer_norm"}
OTHER_SIZES["vit"] = OTHER_SIZES["bert"] | {"image_size": [8, 12], "patch_size": 4}
OTHER_SIZES["deit"] = OTHER_SIZES["vit"]
OTHER_SIZES["t5"] = {"d_kv": 6, "d_ff": 20, "num_decoder_layers": 2, "relative_attention_num_buckets": 8,
                     "relative_attention_max_distance": 10, "dropout_rate": 0.0, "decoder_start_token_id": 0}
OTHER_SIZES["mt5"] = OTHER_SIZES["t5"]
for name in ("roberta", "xlm-roberta", "camembert"):
    OTHER_SIZES[name] = OTHER_SIZES["bert"] | {"type_vocab_size": 1}
TYPED = ("bert", "gpt2", "roberta", "electra", "albert")


def write_old_neox(out):
    """The keys that Pythia's files have."""
    content = json.loads((out / "config.json").read_text())
    rope = content.pop("rope_parameters")
    content |= {"rotary_pct": rope["partial_rotary_factor"], "rotary_emb_base": rope["rope_theta"]}
    (out / "config.json").write_text(json.dumps(content))


def write_hf_olmo(source, out):
    """The same model under ai2-olmo's names, which fuse maps that read the same."""
    config = json.loads((source / "config.json").read_text())
    tensors, fused = load_file(source / "model.safetensors"), {}
    stack = "model.transformer."
    fused[stack + "wte.weight"] = tensors["model.embed_tokens.weight"]
    fused[stack + "ff_out.weight"] = tensors["lm_head.weight"]
    fused[stack + "ln_f.weight"] = tensors["model.norm.weight"]
    for i in range(config["num_hidden_layers"]):
        of = lambda *names: torch.cat([tensors[f"model.layers.{i}.{name}.weight"] for name in names])
        block = stack + f"blocks.{i}."
        fused[block + "att_proj.weight"] = of("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj")
        fused[block + "attn_out.weight"] = of("self_attn.o_proj")
        fused[block + "ff_proj.weight"] = of("mlp.up_proj", "mlp.gate_proj")
        fused[block + "ff_out.weight"] = of("mlp.down_proj")
        fused[block + "attn_norm.weight"] = of("input_layernorm")
        fused[block + "ff_norm.weight"] = of("post_attention_layernorm")
    out.mkdir()
    save_file(fused, out / "model.safetensors")
    keys = {"model_type": "hf_olmo", "architectures": ["OLMoForCausalLM"], "d_model": config["hidden_size"],
            "n_heads": config["num_attention_heads"], "n_kv_heads": config["num_key_value_heads"],
            "n_layers": config["num_hidden_layers"], "mlp_hidden_size": 2 * config["intermediate_size"], "rope": True,
            "rope_theta": config["rope_parameters"]["rope_theta"], "include_bias": False, "layer_norm_type": "rms",
            "layer_norm_eps": config["rms_norm_eps"], "weight_tying": False,
            "max_sequence_length": config["max_position_embeddings"], "embedding_size": config["vocab_size"]}
    (out / "config.json").write_text(json.dumps(keys))
    shutil.copy(source / "outputs.safetensors", out)


def write_images(model, out):
    images = torch.randn(5, 3, *model.config.image_size).double()
    with torch.no_grad():
        result = model(images)
    outputs = {"pixel_values": images}
    if hasattr(result, "logits"):
        outputs["sentence"] = result.logits
    else:
        outputs |= {"hidden": result.last_hidden_state, "pooled": result.pooler_output}
    save_file({k: v.contiguous() for k, v in outputs.items()}, out / "outputs.safetensors")


def write(folder, name, kind, seed, legacy=False, shard=None, own_decoder=False, **options):
    torch.manual_seed(seed)
    family = kind.config_class.model_type
    config = kind.config_class(**(SIZES | OTHER_SIZES.get(family, {}) | options))
    model = kind(config).double().eval()
    if own_decoder:
        model.lm_head.weight = torch.nn.Parameter(torch.randn_like(model.lm_head.weight))
    for parameter in model.parameters():  # biases and gains too
        parameter.data += 0.1 * torch.randn_like(parameter)
    if not own_decoder:
        model.tie_weights()
    out = Path(folder) / name
    if legacy:  # as MultiBERTs ship: torch.save, gamma and beta, the tied decoder twice
        out.mkdir()
        config.architectures = [kind.__name__]
        config.save_pretrained(out)
        rename = lambda key: key.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta")
        tensors = {rename(k): v for k, v in model.state_dict().items()}
        if family == "gpt_neox":
            write_old_neox(out)
            tensors["embed_out.weight"] = tensors.pop("lm_head.weight")
            for i in range(config.num_hidden_layers):
                tensors[f"gpt_neox.layers.{i}.attention.bias"] = torch.ones(1, 1, 20, 20, dtype=torch.uint8).tril()
                tensors[f"gpt_neox.layers.{i}.attention.masked_bias"] = torch.tensor(-1e9)
                tensors[f"gpt_neox.layers.{i}.attention.rotary_emb.inv_freq"] = torch.rand(2)
        torch.save(tensors, out / "pytorch_model.bin", _use_new_zipfile_serialization=legacy == "zip")
    else:
        model.save_pretrained(out, **({"max_shard_size": shard} if shard else {}))
    if family in ("vit", "deit"):
        return write_images(model, out)
    ids = torch.randint(0, 53, (4, 13))
    mask = torch.ones(4, 13, dtype=torch.long)
    mask[1, 9:] = 0
    mask[3, 4:] = 0
    if config.pad_token_id is not None and family not in TYPED:
        ids[ids == config.pad_token_id] += 1
        ids[mask == 0] = config.pad_token_id
    outputs = {"input_ids": ids, "attention_mask": mask}
    if family in TYPED:
        outputs["token_type_ids"] = torch.zeros_like(ids)
        if family != "roberta":
            outputs["token_type_ids"][2, 6:] = 1
    if family in ("t5", "mt5"):  # the text that is read is written, too
        start = torch.full((4, 1), config.decoder_start_token_id)
        outputs["decoder_input_ids"] = torch.cat([start, ids[:, :-1]], 1)
    with torch.no_grad():
        result = model(**outputs)
    outputs.pop("decoder_input_ids", None)
    if "SequenceClassification" in kind.__name__:
        outputs["sentence"] = result.logits
    elif kind is ElectraForPreTraining:
        outputs["replaced"] = result.logits.unsqueeze(-1)
    elif kind is BertForPreTraining:
        outputs["logits"], outputs["sentence"] = result.prediction_logits, result.seq_relationship_logits
    elif kind is AlbertForPreTraining:
        outputs["logits"], outputs["sentence"] = result.prediction_logits, result.sop_logits
    elif kind.__name__.endswith("Model") and "LMHead" not in kind.__name__:
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
write(folder, "neox", GPTNeoXForCausalLM, 11)
write(folder, "neox-old", GPTNeoXForCausalLM, 12, legacy="zip", rope_parameters={"rope_theta": 500, "rope_type": "default",
      "partial_rotary_factor": 0.5})
write(folder, "neox-sequential", GPTNeoXForCausalLM, 13, use_parallel_residual=False, attention_bias=False,
      hidden_act="relu", rope_parameters={"rope_type": "linear", "factor": 2.0, "partial_rotary_factor": 1.0})
write(folder, "neox-tied", GPTNeoXForCausalLM, 14, tie_word_embeddings=True)
write(folder, "neox-bare", GPTNeoXModel, 15)
write(folder, "neox-classifier", GPTNeoXForSequenceClassification, 16, num_labels=3, pad_token_id=7)
write(folder, "llama", LlamaForCausalLM, 17)
write(folder, "llama-tied", LlamaForCausalLM, 18, tie_word_embeddings=True, head_dim=8, num_key_value_heads=None,
      shard="20KB")
write(folder, "llama-biased", LlamaForCausalLM, 19, attention_bias=True, mlp_bias=True, hidden_act="gelu",
      rope_parameters={"rope_type": "linear", "factor": 4.0, "rope_theta": 1000.0})
write(folder, "llama-3", LlamaForCausalLM, 20, rms_norm_eps=1e-3, head_dim=16, rope_parameters={
      "rope_type": "llama3", "rope_theta": 100.0, "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
      "original_max_position_embeddings": 64})
write(folder, "llama-dynamic", LlamaForCausalLM, 21, rope_parameters={"rope_type": "dynamic", "factor": 2.0})
write(folder, "llama-bare", LlamaModel, 22)
write(folder, "llama-classifier", LlamaForSequenceClassification, 23, num_labels=3, pad_token_id=7)
write(folder, "mistral", MistralForCausalLM, 24, sliding_window=4)
write(folder, "mistral-whole", MistralForCausalLM, 25, sliding_window=None)
write(folder, "qwen2", Qwen2ForCausalLM, 26)
write(folder, "qwen2-windows", Qwen2ForCausalLM, 27, use_sliding_window=True, sliding_window=3, max_window_layers=2,
      tie_word_embeddings=True)
write(folder, "roberta", RobertaForMaskedLM, 28, hidden_act="relu")
write(folder, "roberta-untied", RobertaForMaskedLM, 29, tie_word_embeddings=False, pad_token_id=3)
write(folder, "roberta-bare", RobertaModel, 30, type_vocab_size=2)
write(folder, "roberta-classifier", RobertaForSequenceClassification, 31, num_labels=3)
write(folder, "xlm-roberta", XLMRobertaForMaskedLM, 32)
write(folder, "camembert", CamembertForMaskedLM, 33, legacy="zip")
write(folder, "distilbert", DistilBertForMaskedLM, 34, dropout=0.0, attention_dropout=0.0, hidden_dim=40)
write(folder, "distilbert-untied", DistilBertForMaskedLM, 35, activation="relu", tie_word_embeddings=False, hidden_dim=40)
write(folder, "distilbert-bare", DistilBertModel, 36, sinusoidal_pos_embds=True, hidden_dim=40)
write(folder, "distilbert-classifier", DistilBertForSequenceClassification, 37, num_labels=3, hidden_dim=40)
write(folder, "qwen3", Qwen3ForCausalLM, 38)
write(folder, "qwen3-biased", Qwen3ForCausalLM, 39, attention_bias=True, use_sliding_window=True, sliding_window=3,
      max_window_layers=1, tie_word_embeddings=True)
write(folder, "olmo", OlmoForCausalLM, 40, attention_bias=True)
write(folder, "olmo-tied", OlmoForCausalLM, 41, tie_word_embeddings=True, num_key_value_heads=None)
write(folder, "olmo-bare", OlmoModel, 42)
write(folder, "olmo2", Olmo2ForCausalLM, 43)
write(folder, "olmo2-biased", Olmo2ForCausalLM, 44, attention_bias=True, num_key_value_heads=None, rms_norm_eps=1e-3)
write(folder, "opt", OPTForCausalLM, 45)
write(folder, "opt-plain", OPTForCausalLM, 46, enable_bias=False, activation_function="gelu", tie_word_embeddings=False)
write(folder, "opt-classifier", OPTForSequenceClassification, 47, num_labels=3)
write(folder, "modernbert", ModernBertForMaskedLM, 48)
write(folder, "modernbert-biased", ModernBertForMaskedLM, 49, norm_bias=True, attention_bias=True, mlp_bias=True,
      classifier_bias=True, decoder_bias=False, hidden_activation="silu", classifier_activation="relu",
      layer_types=["sliding_attention", "full_attention", "sliding_attention"], rope_parameters={
      "full_attention": {"rope_type": "linear", "factor": 2.0, "rope_theta": 500.0},
      "sliding_attention": {"rope_type": "default", "rope_theta": 50.0}})
write(folder, "modernbert-untied", ModernBertForMaskedLM, 50, tie_word_embeddings=False, legacy="zip")
write(folder, "modernbert-bare", ModernBertModel, 51)
write(folder, "modernbert-classifier", ModernBertForSequenceClassification, 52, num_labels=3)
write(folder, "modernbert-mean", ModernBertForSequenceClassification, 53, num_labels=3, classifier_pooling="mean")
write(folder, "electra", ElectraForMaskedLM, 54, hidden_act="relu")
write(folder, "electra-untied", ElectraForMaskedLM, 55, tie_word_embeddings=False)
write(folder, "electra-wide", ElectraForMaskedLM, 56, embedding_size=24, legacy="zip")
write(folder, "electra-discriminator", ElectraForPreTraining, 57, hidden_act="relu")
write(folder, "electra-bare", ElectraModel, 58)
write(folder, "electra-classifier", ElectraForSequenceClassification, 59, num_labels=3)
write(folder, "albert", AlbertForMaskedLM, 80)
write(folder, "albert-untied", AlbertForMaskedLM, 81, tie_word_embeddings=False, hidden_act="relu", legacy="zip")
write(folder, "albert-pretraining", AlbertForPreTraining, 82)
write(folder, "albert-bare", AlbertModel, 83)
write(folder, "albert-classifier", AlbertForSequenceClassification, 84, num_labels=3)
write(folder, "deberta-v2", DebertaV2ForMaskedLM, 85)
write(folder, "deberta-v2-near", DebertaV2ForMaskedLM, 86, position_buckets=-1, pos_att_type="c2p", norm_rel_ebd="none",
      max_relative_positions=6, tie_word_embeddings=False)
write(folder, "deberta-v2-keyed", DebertaV2Model, 87, pos_att_type=["p2c"], position_buckets=8, max_relative_positions=16)
write(folder, "deberta-v2-plain", DebertaV2ForMaskedLM, 88, relative_attention=False, position_biased_input=True,
      type_vocab_size=2, hidden_act="relu", legacy="zip")
write(folder, "deberta-v2-classifier", DebertaV2ForSequenceClassification, 89, num_labels=3)
write(folder, "hf-olmo-source", LlamaForCausalLM, 60, tie_word_embeddings=False)
write_hf_olmo(Path(folder) / "hf-olmo-source", Path(folder) / "hf-olmo")
write(folder, "vit", ViTForImageClassification, 61, num_labels=3)
write(folder, "vit-unbiased", ViTForImageClassification, 62, num_labels=3, qkv_bias=False, image_size=[9, 9],
      patch_size=[4, 3], hidden_act="relu")
write(folder, "vit-bare", ViTModel, 63)
write(folder, "deit", DeiTForImageClassification, 64, num_labels=3)
write(folder, "deit-taught", DeiTForImageClassificationWithTeacher, 65, num_labels=3)
write(folder, "deit-bare", DeiTModel, 66)
write(folder, "t5", T5ForConditionalGeneration, 67)
write(folder, "t5-gated", T5ForConditionalGeneration, 68, own_decoder=True, tie_word_embeddings=False,
      feed_forward_proj="gated-gelu", decoder_start_token_id=5)
write(folder, "t5-tied", T5ForConditionalGeneration, 69, tie_word_embeddings=False, feed_forward_proj="gated-silu",
      num_layers=1, relative_attention_num_buckets=6)
write(folder, "mt5", MT5ForConditionalGeneration, 70, own_decoder=True)
