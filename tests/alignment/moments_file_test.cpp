// The moments file: what is not moments is refused, with the tensor's name.
#include <gmock/gmock.h>

#include "braid/alignment/observe.h"
#include "braid/checkpoint/safetensors.h"
#include "braid/error.h"
#include "tests/checkpoint/temporary_folder.h"

namespace braid {
namespace {

using ::testing::HasSubstr;

Moments some_moments() {
  MomentsStream stream(3, 2);
  at::Tensor a = at::arange(12, at::kDouble).sin().view({4, 3});
  at::Tensor b = at::arange(8, at::kDouble).cos().view({4, 2});
  stream.add_sums(a, b);
  stream.add_cross(a, b, 0, 3);
  return std::move(stream).finish();
}

class DamagedMomentsTest : public TemporaryFolder {
 protected:
  std::string refused(const std::string& tensor, const at::Tensor& value) {
    save_moments(folder / "ok", {{"tap", some_moments()}}, {{"a", {{"fingerprint", "1"}}}});
    Tensors tensors = read_safetensors(folder / "ok");
    tensors.erase(tensor);
    if (value.defined()) tensors[tensor] = value;
    write_safetensors(folder / "bad", tensors);
    return error_of([&] { load_moments(folder / "bad"); });
  }
};

TEST_F(DamagedMomentsTest, IsRefusedInWords) {
  const at::Tensor nothing, nan = at::full({3}, std::nan(""), at::kDouble);
  const auto text = [](const std::string& json) {
    return at::tensor(std::vector<std::uint8_t>(json.begin(), json.end()), at::kByte);
  };
  struct Case {
    std::string tensor;
    at::Tensor value;
    std::string says;
  };
  for (const auto& [tensor, value, says] : std::vector<Case>{
           {"tap/mean_a", nothing, "tap/mean_a is missing"},
           {"tap/tokens", nothing, "tap/tokens is missing"},
           {"tap/cross", nothing, "unknown tensor tap/mean_a"},
           {"provenance.json", nothing, "provenance.json is missing"},
           {"tap/mean_a", at::zeros({3}), "tap/mean_a: expected Double of shape [3]"},
           {"tap/mean_a", at::zeros({2}, at::kDouble), "found Double of shape [2]"},
           {"tap/mean_b", at::zeros({3}, at::kDouble), "tap/mean_b: expected Double of shape [2]"},
           {"tap/mean_a", nan, "tap/mean_a: has NaN or infinity"},
           {"tap/square_a", -at::ones({3}, at::kDouble),
            "tap/square_a: has a negative sum of squares"},
           {"tap/cross", at::zeros({3}, at::kDouble),
            "tap/cross: expected Double of shape [-1, -1]"},
           {"tap/cross", at::zeros({0, 2}, at::kDouble), "tap/cross: expected"},
           {"tap/tokens", at::zeros({1}, at::kLong), "tap/tokens: expected at least 1, found 0"},
           {"tap/tokens", at::ones({2}, at::kLong), "tap/tokens: expected Long of shape [1]"},
           {"more", at::zeros({1}), "unknown tensor more"},
           {"other/cross", at::zeros({3, 2}, at::kDouble), "other/tokens is missing"},
           {"provenance.json", text("{"), "provenance.json: not valid JSON"},
           {"provenance.json", text("[1]"), "provenance.json: expected an object, found a list"},
           {"provenance.json", text(R"({"a":3})"),
            "provenance.json, a: expected an object, found 3"},
           {"provenance.json", text(R"({"b":{"fingerprint":1}})"),
            "b, fingerprint: expected a string"},
           {"provenance.json", text(std::string(9999, '[')), "nested deeper"}}) {
    const std::string message = refused(tensor, value);
    EXPECT_THAT(message, HasSubstr("bad: unusable moments: ")) << says;
    EXPECT_THAT(message, HasSubstr(says));
    EXPECT_THAT(message, HasSubstr("observe these models again"));
  }
  save_moments(folder / "unknown", {{"tap", some_moments()}}, {{"a", nullptr}});
  EXPECT_FALSE(load_moments(folder / "unknown").provenance.contains("a"));
  save_moments(folder / "empty", {}, nlohmann::json::object());
  EXPECT_THAT(error_of([&] { load_moments(folder / "empty"); }), HasSubstr("no moments"));
}

}  // namespace
}  // namespace braid
