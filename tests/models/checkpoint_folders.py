"""Draws checkpoint folders of BERT's and GPT-2's classes, older or newer ones, for checkpoint_differential.py."""

import collections
import json
import pathlib
import sys

import safetensors.torch
import torch
import transformers

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "text"))
import tokenizer_folders

WIDTH = 24
CLASSES = {
    "bert": ["BertModel", "BertForMaskedLM", "BertForPreTraining", "BertForNextSentencePrediction",
        "BertForSequenceClassification", "BertForTokenClassification", "BertForQuestionAnswering",
        "BertForMultipleChoice", "BertLMHeadModel"],
    "gpt2": ["GPT2Model", "GPT2LMHeadModel", "GPT2ForSequenceClassification", "GPT2ForTokenClassification",
        "GPT2ForQuestionAnswering", "GPT2DoubleHeadsModel"]}
BARE = ["BertModel", "GPT2Model"]
PREFIX = {"bert": "bert.", "gpt2": "transformer."}
EMBEDDINGS = {"bert": "bert.embeddings.word_embeddings.weight", "gpt2": "transformer.wte.weight"}
DECODER = {"bert": "cls.predictions.decoder.weight", "gpt2": "lm_head.weight"}
BIAS, DECODER_BIAS = "cls.predictions.bias", "cls.predictions.decoder.bias"
HEADS = ("cls.", "classifier.", "qa_outputs.", "score.", "lm_head.", "multiple_choice_head.", "bert.pooler.", "pooler.")
FAULTS = [None] * 11 + ["a name of no tensor", "a name of a buffer", "a tensor not there", "a tensor not listed",
    "the wrong shard", "twice", "twice, other values", "another file", "no shard", "no index", "broken index"]
FORMS = (["model.safetensors"] * 8 + ["pytorch_model.bin"] * 4 + ["safetensors shards", "bin shards"] * 3 +
    ["safetensors, bin of others", "safetensors, shards of others", "shards, bin of others", "bin, bin shards of others"])


def more(tensor):
    return tensor.double().add(1).to(tensor.dtype)


class Folder:
    """A checkpoint that may still be changed."""

    def __init__(self, rng, family):
        self.rng, self.family, self.changes, self.files, self.wrapper = rng, family, [], {}, ""
        self.kind = rng.choice(CLASSES[family][:-1] * 3 + CLASSES[family][-1:])
        layers, heads = rng.choice([1, 2, 2]), rng.choice([1, 2, 3, 4, 6])
        self.config = ({"model_type": "bert", "hidden_size": WIDTH, "num_hidden_layers": layers,
            "num_attention_heads": heads, "intermediate_size": 40, "max_position_embeddings": 20,
            "type_vocab_size": rng.choice([2, 2, 3])} if family == "bert" else {"model_type": "gpt2", "n_embd": WIDTH,
            "n_layer": layers, "n_head": heads, "n_positions": 20, "n_inner": rng.choice([None, None, 40]),
            "bos_token_id": 0, "eos_token_id": 0, "pad_token_id": rng.choice([None, 0, 7])})
        self.config |= {"vocab_size": rng.choice([31, 40]), "architectures": [self.kind]}
        if self.kind == "BertLMHeadModel":
            self.config["is_decoder"] = rng.random() < 0.5
        if "Classification" in self.kind:
            labels = rng.choice([1, 2, 3])
            self.config |= rng.choice([{"num_labels": labels}, {"id2label": {str(i): f"L{i}" for i in range(labels)}}])
        self.shapes = dict(self.config)
        self.tensors = self.new_tensors(self.kind)
        tied = rng.random() < 0.8
        if not tied or rng.random() < 0.3:
            self.config["tie_word_embeddings"] = tied
        if tied:
            self.tensors.pop(DECODER[family], None)
        if tied or rng.random() < 0.5:  # as it was saved until transformers 5
            self.tensors.pop(DECODER_BIAS, None)
        if self.kind in BARE:
            drop_prefix(self)
        self.form, self.fault = rng.choice(FORMS), rng.choice(FAULTS)
        self.metadata, self.zipped = rng.choice([{"format": "pt"}] * 3 + [None]), rng.random() < 0.6

    def random(self, *shape):
        return 0.3 * torch.randn(shape, generator=torch.Generator().manual_seed(self.rng.randrange(2**40)))

    def new_tensors(self, kind):
        """Those of the class, under the names that it has where it has a head."""
        made, prefix = getattr(transformers, kind), PREFIX[self.family] * (kind in BARE)
        with torch.device("meta"):
            model = made(made.config_class(**self.shapes | ({"num_labels": 2} if "Question" in kind else {})))
        shapes = {n: p.shape for n, p in model.named_parameters(remove_duplicate=False)}
        return {prefix + n: self.random(*shape) + n.endswith(("LayerNorm.weight", "ln_1.weight", "ln_2.weight",
            "ln_f.weight")) for n, shape in shapes.items()}

    def find(self, name):
        """The name that the tensor has here; None: it isn't there."""
        return next((n for n in (name, name.removeprefix(PREFIX[self.family])) if n in self.tensors), None)

    def add(self, tensors):
        self.tensors |= {name: tensor for name, tensor in tensors.items() if not self.find(name)}

    def batch(self):
        """Rows of ids, padded on the right; a full one where nothing tells transformers what a pad is."""
        pad = self.config.get("pad_token_id")
        last = self.family == "gpt2" and pad is None and "score.weight" in self.tensors
        ids = torch.tensor([[self.rng.randrange(31) for _ in range(9)] for _ in range(1 if last else 3)])
        mask, types = torch.ones_like(ids), torch.zeros_like(ids)
        types[:, 4:7] = 1
        for row, length in list(enumerate([9, 6, 4]))[:len(ids)]:
            mask[row, length:], types[row, length:] = 0, 0
        ids[mask == 0] = pad if isinstance(pad, int) and 0 <= pad < 31 else 0
        return {"input_ids": ids, "attention_mask": mask, "token_type_ids": types}

    def meant(self):
        """The tensors as transformers needs them where braid reads more than it does, and what that is."""
        tensors, why = dict(self.tensors), ["names behind a wrapper's"] * bool(self.wrapper)
        embeddings, decoder = EMBEDDINGS[self.family], DECODER[self.family]
        if self.config.get("tie_word_embeddings", True):
            if decoder in tensors and not self.find(embeddings):
                tensors[embeddings.removeprefix(PREFIX[self.family] * (self.kind in BARE))] = tensors[decoder]
                why.append("a tied decoder alone, under a class without one")
        return tensors, ", ".join(why)

    def write(self, path, tensors=None):
        path.mkdir()
        for name, content in ({"config.json": self.config} | self.files).items():
            data = content if isinstance(content, (str, bytes)) else json.dumps(content)
            (path / name).write_bytes(data if isinstance(data, bytes) else data.encode())
        form = self.form if tensors is None else "model.safetensors"
        kept = {self.wrapper + n: t for n, t in self.tensors.items()} if tensors is None else tensors
        for i, part in enumerate(form.split(", ")):
            write = self.write_bin if "bin" in part else self.write_safetensors
            (self.write_shards if "shards" in part else write)(path, write, kept)
            kept = {n: more(t) for n, t in kept.items()}

    def write_safetensors(self, path, _, tensors, file="model.safetensors"):
        safetensors.torch.save_file(
            {n: t.clone().contiguous() for n, t in tensors.items()}, path / file, metadata=self.metadata)

    def write_bin(self, path, _, tensors, file="pytorch_model.bin"):
        kind = self.rng.choice([dict, dict, collections.OrderedDict])
        torch.save(kind(tensors), path / file, _use_new_zipfile_serialization=self.zipped)

    def write_shards(self, path, write, tensors):
        name, ending = ("pytorch_model", "bin") if write == self.write_bin else ("model", "safetensors")
        names = self.rng.sample(sorted(tensors), len(tensors))
        count, some = self.rng.choice([2, 3]), self.rng.choice(names)
        files = [f"{name}-{i + 1:05}-of-{count:05}.{ending}" for i in range(count)]
        parts = {file: {n: tensors[n] for n in names[i::count]} for i, file in enumerate(files)}
        index = {n: file for file, part in parts.items() for n in part}
        if self.fault in ("a name of no tensor", "a name of a buffer"):
            index[self.rng.choice(["extra.weight", DECODER[self.family], DECODER_BIAS] if "no" in self.fault
                else ["bert.embeddings.position_ids", "h.0.attn.bias"])] = files[0]
        elif self.fault in ("a tensor not there", "twice", "twice, other values"):
            for file, part in parts.items():
                part[some] = more(tensors[some]) if index[some] != file and "other" in self.fault else tensors[some]
                if self.fault == "a tensor not there":
                    del part[some]
        elif self.fault == "a tensor not listed":
            del index[some]
        elif self.fault == "the wrong shard":
            index[some] = files[files.index(index[some]) - 1]
        elif self.fault == "another file":
            write(path, None, {some: more(tensors[some])}, f"{name}-extra.{ending}")
        for file, part in list(parts.items())[self.fault == "no shard":]:
            write(path, None, part, file)
        if self.fault != "no index":
            text = json.dumps({"metadata": {"total_size": 1}, "weight_map": index})
            (path / f"{name}.{ending}.index.json").write_text("{" if self.fault == "broken index" else text)


def set_value(f):
    labels = [("num_labels", [1, 2, 3, 0, None, "3"]), ("id2label", [None, {}, {"0": "a"}, {"0": "a", "1": "b"},
        {"x": "a", "y": "b"}, ["a", "b"]])] * 2 * ("Classification" in f.kind or "Question" in f.kind)
    kinds = [[f.rng.choice(CLASSES[f.family])] for _ in range(2)]
    key, values = f.rng.choice(VALUES[f.family] + labels + HARMLESS + [
        ("architectures", [None, [], [None], ["FooForBar"], f.kind, [f.kind, "BertModel"], ["BertForMaskedLM"]] + kinds)])
    f.config[key] = f.rng.choice(values)
    f.changes.append(f"{key}: {f.config[key]}")


def change_value(f):
    """To what cannot be, or is of another type."""
    key = f.rng.choice([k for k in f.config if k not in ("architectures", "model_type")])
    value = f.config[key]
    near = [value + 1, value - 1] if isinstance(value, int) else []
    f.config[key] = f.rng.choice([None, "3", -1, 3.0, [3], True] + near)
    f.changes.append(f"{key}: {f.config[key]}")


def drop_key(f):
    key = f.rng.choice([k for k in f.config if k not in ("hidden_size", "n_embd")] + ["architectures"] * 20)
    f.config.pop(key, None)  # not those two: their defaults make large models
    f.changes.append(key)


def set_text(f):
    text = json.dumps(f.config)[:-1]
    f.files["config.json"] = f.rng.choice(["{", "[]", "\ufeff" + text + "}", text + ', "vocab_size": 3}',
        text + ', "layer_norm_eps": NaN, "layer_norm_epsilon": NaN}', text + ', "x": Infinity}', text + "}x"])


def add_heads(f):
    """Another class's, all or some of them."""
    made = {n: t for n, t in f.new_tensors(f.rng.choice(CLASSES[f.family])).items() if n.startswith(HEADS)}
    parts = sorted({n.rsplit(".", 1)[0] for n in made})
    kept = f.rng.sample(parts, len(parts) if f.rng.random() < 0.8 else f.rng.randint(0, len(parts)))
    f.add({n: t for n, t in made.items() if n.rsplit(".", 1)[0] in kept})


def add_tensors(f):
    """Buffers, and what no class has."""
    for name in f.rng.sample(["embeddings.position_ids", "embeddings.token_type_ids"] if f.family == "bert" else
            ["h.0.attn.bias", "h.0.attn.masked_bias"], f.rng.choice([1, 2])):
        f.add({PREFIX[f.family] + name: f.rng.choice([torch.arange(20).view(1, 20), torch.tensor(-1e4),
            torch.ones(1, 1, 20, 20).tril(), torch.ones(3).bool()])})
    if f.rng.random() < 0.3:
        f.add({f.rng.choice(["extra.weight", "bert.extra", "bert.encoder.layer.7.output.dense.bias",
            "h.9.ln_1.weight", "classifier.2.weight", "transformer.extra"]): f.random(3)})


def drop_tensors(f):
    heads = [n for n in f.tensors if n.startswith(HEADS)]
    pooler = [n for n in heads if "pooler" in n]
    for name in f.rng.choice([f.rng.sample(sorted(f.tensors), 1), heads, heads[:1], pooler, pooler]):
        del f.tensors[name]


def break_tensor(f):
    name = f.rng.choice(sorted(f.tensors))
    tensor = f.tensors[name]
    f.tensors[name] = f.rng.choice([tensor * float("nan"), tensor / 0, tensor[:-1], tensor[None], tensor.flatten(),
        tensor.mul(9).to(torch.int8), tensor.mT if tensor.dim() > 1 else tensor[:, None]])


def store_decoder(f):
    """Beside what it is tied to, or alone; equal or not."""
    for original, alias in [(f.find(EMBEDDINGS[f.family]), DECODER[f.family]), (f.find(BIAS), DECODER_BIAS)]:
        if original and f.rng.random() < (0.1 if f.kind in BARE else 0.6):
            kind, tensor = f.rng.choice(["equal", "alone", "other", "gone"]), f.tensors[original]
            f.tensors[alias] = tensor + (0.1 * f.random(*tensor.shape) if kind == "other" else 0)
            f.tensors.pop({"alone": original, "gone": alias}.get(kind), None)


def drop_prefix(f):
    f.tensors = {n.removeprefix(PREFIX[f.family]): t for n, t in f.tensors.items()}


def rename(f):
    """Prefixes of the family everywhere, or nowhere, or here and there; wrappers here and there."""
    prefix, kind = PREFIX[f.family], f.rng.choice(["none", "none", "stack", "stack", "some", "all", "wrap some"])
    f.changes.append(kind)
    if kind in ("none", "some"):
        f.tensors = {n.removeprefix(prefix * (kind == "none" or f.rng.random() < 0.3)): t for n, t in f.tensors.items()}
    elif kind == "wrap some":
        f.tensors = {f.rng.choice(["", "module.", "model."]) + n: t for n, t in f.tensors.items()}
    else:
        f.tensors = {n if n.startswith(HEADS[:-1] + (prefix,)) and kind == "stack" else prefix + n: t
            for n, t in f.tensors.items()}


def wrap(f):
    f.wrapper = f.rng.choice(["module.", "_orig_mod.", "model.", "module._orig_mod."])


def use_old_names(f):
    some, twice, made = f.rng.random() < 0.3, f.rng.random() < 0.1, {}
    for name, tensor in f.tensors.items():
        old = name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta")
        if twice and old != name:
            made[name] = tensor + f.rng.choice([0, 0, 1])
        made[name if some and f.rng.random() < 0.5 else old] = tensor
    f.tensors = made


def recast(f):
    """To other dtypes and strides; GPT-2's gains to 1."""
    dtypes = f.rng.choice([[torch.float16], [torch.bfloat16], [torch.float64], [torch.float16, torch.float32],
        [torch.bfloat16, torch.float64, torch.float16], [torch.float8_e4m3fn, torch.float32], [torch.float32]])
    strided, unit = f.rng.random() < 0.3, f.rng.random() < 0.2
    for name, tensor in f.tensors.items():
        tensor = torch.ones_like(tensor) if unit and ".ln_" in name and name.endswith("weight") else tensor
        tensor = torch.stack([tensor.mT] * 2, -1)[..., 0].mT if strided and tensor.dim() > 1 else tensor
        f.tensors[name] = tensor.to(f.rng.choice(dtypes)) if tensor.is_floating_point() else tensor


def add_tokenizer(f):
    _, made = (tokenizer_folders.make_bert if f.family == "bert" else tokenizer_folders.make_gpt2)(f.rng)
    if f.rng.random() < 0.15:
        f.rng.choice([tokenizer_folders.break_file, tokenizer_folders.drop_file])(made)
    f.files |= {name: content for name, content in made.files.items() if name != "config.json"}


def add_beside(f):
    """What lies beside the weights and may change which function the folder is."""
    transformer = {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"}
    name, content = f.rng.choice([
        ("adapter_config.json", {"peft_type": "LORA", "base_model_name_or_path": "elsewhere"}),
        ("modules.json", [transformer]), ("modules.json", [transformer | {"type": "code_of_mine.Transformer"}]),
        ("modules.json", [transformer, {"idx": 1, "name": "1", "path": "1", "type": "sentence_transformers.models.Dense"}]),
        ("sentence_bert_config.json", {"config_args": {"num_hidden_layers": 1}}),
        ("config_sentence_transformers.json", {"truncate_dim": 4}),
        ("generation_config.json", {"max_new_tokens": 3}), ("preprocessor_config.json", {"size": 3}),
        ("quantize_config.json", {"bits": 4}), ("adapter_model.safetensors", b""), ("training_args.bin", b"x")])
    f.files[name] = content if isinstance(content, bytes) else json.dumps(content)
    f.changes.append(name)


ACTIVATIONS = ["gelu", "relu", "gelu_new", "relu", "gelu_pytorch_tanh", "silu", "tanh", "gelu_python", "GELU", None]
HARMLESS = [("torch_dtype", ["float16"]), ("dtype", ["bfloat16"]), ("output_attentions", [True]), ("x", [[None]]),
    ("problem_type", ["multi_label_classification"]), ("chunk_size_feed_forward", [1, 3]), ("torchscript", [True]),
    ("quantization_config", [None, {}, {"quant_method": "gptq", "bits": 4}]), ("transformers_weights", ["x.safetensors"]),
    ("per_layer_config", [None, {"0": {"hidden_act": "relu"}}]), ("compression_config", [{"quant_method": "x"}]),
    ("auto_map", [{"AutoModel": "modeling_x.X"}]), ("attn_implementation", ["eager"]), ("tie_last_hidden_states", [True]),
    ("pruned_heads", [{"0": [0]}]), ("label2id", [{"a": 0, "b": 1}]), ("model_type", ["reformer", "GPT2", None, ""])]
VALUES = {"bert": [("hidden_act", ACTIVATIONS)] * 4 + [("layer_norm_eps", [1e-5, 1e-3, 0.1, 0.0, 1, "1e-5", -1e-5]),
    ("num_attention_heads", [1, 2, 4, 8, 5, 0]), ("position_embedding_type", ["absolute", "relative_key", None]),
    ("max_position_embeddings", [19, 21]), ("pad_token_id", [None, 5, 1000, -1, "0"]), ("is_decoder", [True, False]),
    ("add_cross_attention", [True, False])],
    "gpt2": [("activation_function", ACTIVATIONS)] * 4 + [("layer_norm_epsilon", [1e-3, 0.1, 0.0, 1, "1e-5"]),
    ("n_head", [1, 2, 4, 8, 5, 0]), ("n_inner", [None, 96, 40, 0]), ("scale_attn_weights", [False, False, True, None]),
    ("scale_attn_by_inverse_layer_idx", [True, True, False, 1]), ("reorder_and_upcast_attn", [True]),
    ("num_attention_heads", [1, 2, 8]), ("hidden_size", [WIDTH, 48]), ("num_hidden_layers", [1, 2]), ("n_ctx", [10]),
    ("max_position_embeddings", [10, 20]), ("intermediate_size", [40]), ("pad_token_id", [None, 5, 1000, -1, "0"]),
    ("add_cross_attention", [True, False]), ("is_decoder", [True])]}
# In this order; how often each is drawn.
CHANGES = {set_value: 18, change_value: 2, drop_key: 4, set_text: 1, add_heads: 7, add_tensors: 3, drop_tensors: 3,
    break_tensor: 1, store_decoder: 7, rename: 5, wrap: 4, use_old_names: 3, recast: 6, add_tokenizer: 7, add_beside: 4}


def draw(rng, family):
    folder = Folder(rng, family)
    drawn = rng.sample(list(CHANGES), rng.choice([0, 1, 1, 1, 2, 2, 3, 4]), counts=list(CHANGES.values()))
    for change in sorted(drawn, key=list(CHANGES).index):
        folder.changes.append(change.__name__)
        change(folder)
    return folder
