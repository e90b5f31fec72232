#include "braid/pipeline/train_options.h"

#include "braid/tasks/tasks.h"

namespace braid {

OptionList options_of(PretrainRequest& r) {
  PretrainOptions& o = r.options;
  OptionList list;
  list.add("vocab", r.vocabulary,
           "BERT: a vocab.txt, or 'train' to learn one from the text. GPT-2: a folder with a "
           "tokenizer")
      .as(Use::input)
      .reading(path_unless({"train"}));
  list.add("text", r.text, "Training text, one passage per line").as(Use::input);
  list.add("restrict-vocab", r.restrict_to,
           "GPT-2: keep only the tokens that this text needs, and renumber them")
      .as(Use::input);
  list.add("valid", r.valid,
           "Validation text, scored during training; the best parameters are kept")
      .as(Use::input);
  list.add("evaluate-every", o.evaluate_every, "Steps between scores on valid").from(1);
  list.add("patience", o.patience, "Stop after N scores without improvement; 0 = never").from(0);
  list.add("steps", o.steps, "Training steps").from(0);
  list.add("seed", o.seed, "Seed of everything random");
  list.add("batch-size", o.batch_size, "Sequences per step").from(1);
  list.add("block", r.block, "Tokens per sequence").from(2).otherwise("64, GPT-2 256");
  list.add("mask-probability", o.mask_probability, "Probability of masking an ordinary token")
      .from(0)
      .to(1);
  list.add("learning-rate", r.learning_rate, "Peak learning rate, after warm-up")
      .from(0)
      .to(most_factor)
      .otherwise("1.5e-3, GPT-2 3e-4");
  list.add("warmup", r.warmup, "Fraction of steps spent on warm-up")
      .from(0)
      .to(1)
      .otherwise("0.06, GPT-2 0.05");
  list.add("weight-decay", o.weight_decay, "Weight decay of AdamW").from(0).to(most_factor);
  list.add("save-every", o.save_every, "Steps between saved states; 0 = none")
      .as(Use::output)
      .from(0);
  return list;
}

OptionList options_of(FinetuneRequest& r) {
  FinetuneOptions& o = r.options;
  OptionList list;
  list.add("task", r.task, "GLUE task to train for").one_of(task_names({Predicts::label}));
  list.add("data", r.data, "Tab-separated training file").as(Use::input);
  list.add("dev", r.dev, "Tab-separated file scored after every epoch; the best epoch is kept")
      .as(Use::input);
  list.add("score-range", r.score_range, "Lowest and highest score in data; for stsb")
      .otherwise("0,5");
  list.add("seed", o.seed, "Seed of the order of examples and of dropout");
  list.add("head-seed", o.head_seed, "Seed of the classifier's initialisation");
  list.add("epochs", o.epochs, "Passes over the data").from(0);
  list.add("lines", r.lines, "Only the first N rows of data; 0 = all").from(0);
  list.add("batch-size", o.batch_size, "Examples per step").from(1);
  list.add("max-length", r.max_length, "Maximum tokens per example")
      .from(3)
      .to(1 << 20)
      .otherwise("128, or the model's positions");
  list.add("learning-rate", o.learning_rate, "Peak learning rate, after warm-up")
      .from(0)
      .to(most_factor);
  list.add("warmup", o.warmup, "Fraction of steps spent on warm-up").from(0).to(1);
  list.add("weight-decay", o.weight_decay, "Weight decay of AdamW").from(0).to(most_factor);
  list.add("dropout", o.dropout, "Dropout probability while training").from(0).to(1);
  list.add("patience", o.patience, "Stop after N epochs without a better score on dev; 0 = never")
      .from(0);
  list.add("save-every", o.save_every, "Steps between saved states; 0 = none")
      .as(Use::output)
      .from(0);
  return list;
}

}  // namespace braid
