#include "braid/tasks/image.h"

#include "braid/checkpoint/safetensors.h"
#include "braid/error.h"
#include "braid/tasks/metrics.h"

namespace braid {
namespace {

constexpr const char* images_name = "pixel_values";
constexpr const char* labels_name = "labels";
constexpr std::int64_t images_per_batch = 16;

// pixel_values (N, C, H, W) floating point, labels (N) integers. Throws, naming file and tensor.
std::vector<TokenSequence> read_images(const std::filesystem::path& path, std::int64_t limit,
                                       bool labelled) {
  const std::string file = path.string();
  const Tensors tensors = read_safetensors(path);
  for (const auto& [name, tensor] : tensors) {
    require(name == images_name || name == labels_name,
            "{}: tensor '{}' is unknown; expected only {} and {}", file, name, images_name,
            labels_name);
  }
  const auto images = tensors.find(images_name), labels = tensors.find(labels_name);
  require(images != tensors.end() && images->second.dim() == 4 && images->second.size(0) > 0 &&
              at::isFloatingType(images->second.scalar_type()),
          "{}: expected {} (N, C, H, W) in floating point, scaled as the model expects", file,
          images_name);
  const std::int64_t count = images->second.size(0);
  const bool has_labels = labels != tensors.end();
  require(has_labels || !labelled, "{}: has no tensor '{}'", file, labels_name);
  at::Tensor classes;
  if (has_labels) {
    require(labels->second.dim() == 1 && labels->second.size(0) == count &&
                at::isIntegralType(labels->second.scalar_type(), false),
            "{}: {} is {} [{}], expected integers ({})", file, labels_name,
            at::toString(labels->second.scalar_type()), fmt::join(labels->second.sizes(), ", "),
            count);
    classes = labels->second.to(at::kLong).contiguous();
    require(classes.min().item<std::int64_t>() >= 0, "{}: {} has {}, expected classes from 0", file,
            labels_name, classes.min().item<std::int64_t>());
  }
  std::vector<TokenSequence> all(
      static_cast<std::size_t>(limit > 0 ? std::min(limit, count) : count));
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i].pixels = images->second[static_cast<std::int64_t>(i)];
    require(all_finite(all[i].pixels), "{}: {} has NaN or infinity in image {}", file, images_name,
            i);
    if (has_labels) {
      all[i].target = static_cast<double>(classes.const_data_ptr<std::int64_t>()[i]);
    }
  }
  return all;
}

class ImageTask final : public Task {
 public:
  const char* name() const override { return "image"; }
  const char* title() const override { return "images"; }
  std::optional<Predicts> head() const override { return Predicts::label; }
  std::int64_t outputs() const override { return 0; }

  void check(const TaskInput& input, const Model& model) const override {
    require(model.network->reads_images(), "{}: reads text, but `task` image has only images",
            model.folder.string());
    require(!input.data.empty() && input.text.empty() && input.batches.empty(),
            "`task` image reads only its own file; give `data` FILE.safetensors with {} "
            "(N, C, H, W) and {} (N)",
            images_name, labels_name);
  }
  const std::string& file(const TaskInput& input) const override { return input.data; }

  Examples load(const TaskInput& input, const Tokenizer&, std::int64_t) const override {
    Examples examples{this, read_images(input.data, input.lines, true)};
    examples.batches = batches_in_order(examples.sequences, images_per_batch);
    return examples;
  }

  std::unique_ptr<SequenceStream> rows(const std::filesystem::path& file, const Tokenizer&,
                                       std::int64_t, std::int64_t limit) const override {
    return listed_sequences(read_images(file, limit, false), 0);
  }

  at::Tensor loss(const at::Tensor& outputs, const ExampleBatch& batch) const override {
    const at::Tensor wide = outputs.to(at::promote_types(outputs.scalar_type(), at::kFloat));
    return at::cross_entropy_loss(wide, batch.expected.to(at::kLong), {}, at::Reduction::Sum);
  }

  std::vector<double> predictions(const at::Tensor& outputs) const override {
    const at::Tensor classes = outputs.argmax(1).to(at::kDouble).contiguous();
    return {classes.const_data_ptr<double>(), classes.const_data_ptr<double>() + classes.numel()};
  }

  Metrics metrics(double, const std::vector<double>& predicted,
                  const std::vector<TokenSequence>& sequences) const override {
    std::vector<double> expected;
    for (const TokenSequence& image : sequences) expected.push_back(image.target);
    return {{"accuracy", metric("accuracy", predicted, expected)}};
  }
  double value(const Score& score) const override { return score.metrics.at("accuracy"); }
};

}  // namespace

const Task& image_task() {
  static const ImageTask task;
  return task;
}

}  // namespace braid
