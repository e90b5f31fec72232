#include "braid/connectivity/evaluate.h"

#include <algorithm>
#include <cmath>

#include "braid/error.h"
#include "braid/parallel.h"
#include "braid/tasks/metrics.h"

namespace braid {
namespace {

void check(const Model& model, const TokenText& text) {
  require(model.network->head(Predicts::token),
          "{}: has no language-model head, so no loss of tokens can be measured",
          model.folder.string());
  for (const auto& [batch, labels] : text.batches) {
    check_tokens(*model.network, batch.input_ids);
    check_tokens(*model.network, at::where(labels.eq(-100), 0, labels));
  }
}

void check(const Model& model, const LabelledText& text) {
  const std::string folder = model.folder.string();
  const Head* head = model.network->head(Predicts::label);
  require(head, "{}: has no classifier of texts, with its pooler; finetune makes one", folder);
  const std::int64_t outputs = head->outputs(model.parameters);
  require(outputs == text.task->outputs(), "{}: its classifier has {} outputs, {} needs {}", folder,
          outputs, text.task->title, text.task->outputs());
  for (const TokenSequence& sequence : text.sequences) {
    check_tokens(*model.network, at::tensor(sequence.ids, at::kLong).unsqueeze(0));
  }
}

// Examples of similar length together: little padding.
std::vector<std::vector<std::size_t>> batches_by_length(const LabelledText& text) {
  constexpr std::int64_t tokens_a_batch = 2048;
  std::vector<std::size_t> order(text.sequences.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t i, std::size_t j) {
    return text.sequences[i].size() < text.sequences[j].size();
  });
  std::vector<std::vector<std::size_t>> batches;
  for (const std::size_t i : order) {
    const std::int64_t length = text.sequences[i].size();
    const bool full = batches.empty() || (std::ssize(batches.back()) + 1) * length > tokens_a_batch;
    if (full) batches.emplace_back();
    batches.back().push_back(i);
  }
  return batches;
}

}  // namespace

Score evaluate(const Network& network, const Tensors& parameters, const TokenText& text,
               int threads) {
  std::vector<double> sums(text.batches.size());
  parallel_for(static_cast<std::int64_t>(sums.size()), threads, [&](std::int64_t i) {
    const c10::InferenceMode inference;
    const auto& [batch, labels] = text.batches[static_cast<std::size_t>(i)];
    check_tokens(network, batch.input_ids);
    const at::Tensor flat = labels.flatten();
    const at::Tensor scored = flat.ne(-100).nonzero().squeeze(1);
    if (scored.numel() == 0) return;
    const at::Tensor logits = network.predict(parameters, batch, Predicts::token, scored);
    const at::Tensor wide = logits.to(at::promote_types(logits.scalar_type(), at::kFloat));
    const at::Tensor log_likelihood =
        at::log_softmax(wide, -1).gather(1, flat.index_select(0, scored).unsqueeze(1));
    sums[static_cast<std::size_t>(i)] = -log_likelihood.sum(at::kDouble).item<double>();
  });
  Score score;
  for (const double sum : sums) score.loss += sum;
  score.scored = text.scored_tokens;
  score.loss /= static_cast<double>(score.scored);
  score.metrics["perplexity"] = std::exp(score.loss);  // the pseudo-perplexity
  return score;
}

Score evaluate(const Network& network, const Tensors& parameters, const LabelledText& text,
               int threads) {
  const auto batches = batches_by_length(text);
  const Task& task = *text.task;
  std::vector<double> sums(batches.size()), predicted(text.sequences.size());
  parallel_for(static_cast<std::int64_t>(batches.size()), threads, [&](std::int64_t i) {
    const c10::InferenceMode inference;
    const auto& batch = batches[static_cast<std::size_t>(i)];
    std::vector<TokenSequence> sequences;
    std::vector<double> labels;
    for (const std::size_t j : batch) {
      sequences.push_back(text.sequences[j]);
      labels.push_back(text.labels[j]);
    }
    const at::Tensor outputs =
        network.predict(parameters, pad(sequences), Predicts::label).to(at::kDouble);
    sums[static_cast<std::size_t>(i)] = summed_loss(task, outputs, labels).item<double>();
    const std::vector<double> values = predictions(task, outputs);
    for (std::size_t j = 0; j < batch.size(); ++j) predicted[batch[j]] = values[j];
  });
  Score score;
  for (const double sum : sums) score.loss += sum;
  score.scored = text.size();
  score.loss /= static_cast<double>(score.scored);
  for (const std::string& name : task.metrics) {
    score.metrics[name] = metric(name, predicted, text.labels);
  }
  return score;
}

Score evaluate(const Network& network, const Tensors& parameters, const ScoredText& text,
               int threads) {
  return std::visit([&](const auto& kind) { return evaluate(network, parameters, kind, threads); },
                    text);
}

void check_text(const Model& model, const ScoredText& text) {
  std::visit([&](const auto& kind) { check(model, kind); }, text);
}

std::int64_t token_count(const ScoredText& text) {
  return std::visit([](const auto& kind) { return kind.tokens; }, text);
}

}  // namespace braid
