#include "braid/models/named_entries.h"

#include <gmock/gmock.h>

#include "braid/checkpoint/fingerprint.h"
#include "braid/notice.h"
#include "tests/checkpoint/temporary_folder.h"
#include "tests/models/small_bert.h"

namespace braid {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
namespace fs = std::filesystem;

const std::vector<std::string> marks = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};

// 35 tokens for 37 rows; the others after the five marks are turned round by `turn`.
std::vector<std::string> tokens(std::int64_t turn = 0) {
  std::vector<std::string> result = marks;
  for (std::int64_t i = 0; i < 30; ++i) result.push_back(fmt::format("w{}", (i + turn) % 30));
  return result;
}

TEST(OrderTest, IsOfTheSameNames) {
  EXPECT_THAT(*order_of({"b", "c", "a"}, {"a", "b", "c"}), ElementsAre(2, 0, 1));
  EXPECT_EQ(order_of({"a", "b"}, {"a", "c"}), std::nullopt);
  EXPECT_EQ(order_of({"a", "b"}, {"a", "b", "c"}), std::nullopt);
  EXPECT_EQ(order_of({"a", "b", "c"}, {"a", "b"}), std::nullopt);
  EXPECT_EQ(order_of({"a", "a"}, {"a", "a"}), std::nullopt);  // which is which?
  EXPECT_THAT(*order_of({"", "b", "", "a"}, {"a", "", "b", ""}), ElementsAre(3, 0, 1, 2));
}

TEST(LabelNamesTest, AreConfigurationsButGenericOnes) {
  EXPECT_THAT(label_names({{"id2label", {{"1", "no"}, {"0", "yes"}}}}), ElementsAre("yes", "no"));
  EXPECT_THAT(label_names({{"id2label", {{"0", "LABEL_0"}, {"1", "LABEL_1"}}}}), IsEmpty());
  EXPECT_THAT(label_names({{"num_labels", 3}}), IsEmpty());
  EXPECT_THAT(label_names({{"id2label", nullptr}}), IsEmpty());
  const auto refusal = [](const nlohmann::json& labels) {
    return error_of([&] { label_names({{"id2label", labels}}); });
  };
  EXPECT_THAT(refusal({{"0", "a"}, {"2", "b"}}), HasSubstr("config.json, id2label"));
  EXPECT_THAT(refusal({{"0", 1}}), HasSubstr("expected a string"));
  EXPECT_THAT(refusal({"a", "b"}), HasSubstr("config.json, id2label"));
}

class InOrderTest : public TemporaryFolder {
 protected:
  // A model whose outputs are labels or tokens, as a folder that holds these names.
  Model model(const std::string& name, std::uint64_t seed, bool classifier,
              const std::optional<std::vector<std::string>>& words,
              const std::vector<std::string>& labels = {}) {
    SmallBert bert;
    bert.seed = seed;
    bert.classifier = bert.pooler = classifier;
    bert.masked_lm = !classifier;
    Model made = bert.model();
    made.folder = made.reads_by = folder / name;
    fs::create_directory(made.folder);
    if (words) write(name + "/vocab.txt", fmt::format("{}\n", fmt::join(*words, "\n")));
    for (std::size_t i = 0; i < labels.size(); ++i) {
      made.config["id2label"][std::to_string(i)] = labels[i];
    }
    return made;
  }
  // in_order_of, and what it says.
  Model match(const Model& a, const Model& b) {
    said_.clear();
    send_notices([&](const std::string& text) { said_ += text + "\n"; });
    struct Silent {
      ~Silent() { send_notices({}); }
    } silent;
    return in_order_of(a, b);
  }
  std::string refusal(const Model& a, const Model& b) {
    return error_of([&] { match(a, b); });
  }
  std::string said_;
};

TEST_F(InOrderTest, TokensAreReadByTheirNames) {
  const Model a = model("a", 1, false, tokens()), b = model("b", 2, false, tokens(7));
  const Model matched = match(a, b);
  EXPECT_THAT(said_, HasSubstr("vocabularies are in another order"));
  EXPECT_EQ(matched.reads_by, a.reads_by);
  // The words 5 ... 12 of A's vocabulary, and where B has them; 35 and 36 are no words.
  const at::Tensor by_a = at::tensor({2, 5, 6, 11, 12, 35, 3}).unsqueeze(0),
                   by_b = at::tensor({2, 28, 29, 34, 5, 35, 3}).unsqueeze(0);
  const at::Tensor found = token_logits(matched, matched.parameters, {by_a}),
                   expected = token_logits(b, b.parameters, {by_b});
  const auto column = [](const at::Tensor& logits, std::int64_t id) {
    return logits.select(2, id);
  };
  EXPECT_LT(largest_difference(column(found, 5), column(expected, 28)), 1e-12);
  EXPECT_LT(largest_difference(column(found, 12), column(expected, 5)), 1e-12);
  EXPECT_LT(largest_difference(column(found, 36), column(expected, 36)), 1e-12);
  EXPECT_EQ(fingerprint(as_stored(matched)), fingerprint(b.parameters));
  // Matched already.
  EXPECT_EQ(fingerprint(match(a, matched).parameters), fingerprint(matched.parameters));
  EXPECT_EQ(said_, "");
}

TEST_F(InOrderTest, LabelsAreReadByTheirNames) {
  const Model a = model("a", 1, true, tokens(), {"yes", "no", "maybe"}),
              b = model("b", 2, true, tokens(), {"maybe", "yes", "no"});
  const Model matched = match(a, b);
  EXPECT_THAT(said_, HasSubstr("labels are in another order"));
  EXPECT_EQ(matched.config["id2label"], a.config["id2label"]);
  for (const char* name : {"classifier.weight", "classifier.bias"}) {
    const at::Tensor &before = b.parameters.at(name), &after = matched.parameters.at(name);
    EXPECT_TRUE(at::equal(after[0], before[1])) << name;
    EXPECT_TRUE(at::equal(after[1], before[2])) << name;
    EXPECT_TRUE(at::equal(after[2], before[0])) << name;
  }
  EXPECT_EQ(fingerprint(as_stored(matched)), fingerprint(b.parameters));
}

TEST_F(InOrderTest, WhatIsNotNamedIsTakenOnTrustAndSaid) {
  const Model a = model("a", 1, true, tokens(), {"yes", "no", "maybe"}),
              b = model("b", 2, true, std::nullopt, {"LABEL_0", "LABEL_1", "LABEL_2"});
  EXPECT_EQ(fingerprint(match(a, b).parameters), fingerprint(b.parameters));
  EXPECT_THAT(said_, AllOf(HasSubstr("b: its labels have no names"),
                           HasSubstr("b: no tokenizer here; assuming the token ids of")));
  match(b, a);
  EXPECT_THAT(said_, AllOf(HasSubstr("b: its labels have no names"), HasSubstr("b: no tokenizer")));
}

TEST_F(InOrderTest, OtherNamesAreRefused) {
  const Model a = model("a", 1, true, tokens(), {"yes", "no", "maybe"});
  EXPECT_THAT(refusal(a, model("b", 2, true, tokens(), {"yes", "no", "never"})),
              AllOf(HasSubstr("the labels of"), HasSubstr("only in the first ('maybe')")));
  std::vector<std::string> other = tokens();
  other[9] = "else";
  EXPECT_THAT(refusal(a, model("c", 2, true, other)),
              AllOf(HasSubstr("the vocabularies of"), HasSubstr("only in the first ('w4')")));
  other.pop_back();
  EXPECT_THAT(refusal(a, model("d", 2, true, other)), HasSubstr("the vocabularies of"));
  const Model broken = model("e", 2, true, tokens());
  write("e/tokenizer.json", "{");
  EXPECT_THAT(refusal(a, broken), HasSubstr("e/tokenizer.json"));
}

}  // namespace
}  // namespace braid
