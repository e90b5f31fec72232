#include "braid/tasks/glue.h"

#include <gmock/gmock.h>

#include "braid/error.h"
#include "braid/notice.h"
#include "braid/tasks/outputs.h"
#include "braid/tasks/tasks.h"
#include "braid/text/new_tokenizer.h"
#include "tests/checkpoint/temporary_folder.h"
#include "tests/models/small_bert.h"

namespace braid {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class GlueTest : public TemporaryFolder {
 protected:
  LabelledLines read(const std::string& task, const std::string& text, std::int64_t limit = 0) {
    return read_labelled_lines(find_glue_row(task), write("task.tsv", text), limit);
  }
  std::string refusal(const std::string& task, const std::string& text) {
    return error_of([&] { read(task, text); });
  }
};

TEST_F(GlueTest, ReadsTheOfficialLayouts) {
  const auto sst2 = read("sst2", "sentence\tlabel\nit 's a \"charming\" journey . \t1\n");
  EXPECT_EQ(sst2.lines.front().first, "it 's a \"charming\" journey . ");
  EXPECT_EQ(sst2.lines.front().label, 1);
  // No header, and the label before the sentence.
  const auto cola = read("cola", "gj04\t0\t*\tThe ball was thrown.\ngj04\t1\t\tIt fell.\n");
  ASSERT_EQ(cola.lines.size(), 2);
  EXPECT_EQ(cola.lines[0].label, 0);
  EXPECT_EQ(cola.lines[1].first, "It fell.");
  // A byte order mark before the header, Windows line ends.
  const auto mrpc = read("mrpc",
                         "\xEF\xBB\xBFQuality\t#1 ID\t#2 ID\t#1 String\t#2 String\r\n"
                         "1\t13\t14\tHe said so .\tSo he said .\r\n");
  EXPECT_EQ(mrpc.lines.front().second, "So he said .");
  EXPECT_EQ(mrpc.lines.front().label, 1);
  const auto stsb = read("stsb", "index\tsentence1\tsentence2\tscore\n0\tA man.\tA boy.\t3.75\n");
  EXPECT_DOUBLE_EQ(stsb.lines.front().label, 3.75);
  const auto mnli =
      read("mnli", "index\tsentence1\tsentence2\tgold_label\n0\ta\tb\tcontradiction\n");
  EXPECT_EQ(mnli.lines.front().label, 2);
  const auto rte = read("rte", "index\tsentence1\tsentence2\tlabel\n0\ta\tb\tnot_entailment\n");
  EXPECT_EQ(rte.lines.front().label, 1);
}

TEST_F(GlueTest, SkipsTheFewShortRowsThatOfficialFilesHave) {
  std::string text = "id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate\n";
  for (int i = 0; i < 150; ++i) text += "1\t2\t3\twhy?\twhat for?\t1\n";
  EXPECT_EQ(read("qqp", text + "7\tbroken\n").skipped, 1);
  EXPECT_EQ(read("qqp", text, 20).lines.size(), 20);
  EXPECT_THAT(refusal("qqp", text + "7\n7\n7\n"), HasSubstr("3 of 153 rows"));
}

TEST_F(GlueTest, LeavesOutWhatHasNoLabel) {
  std::string said;
  send_notices([&](const std::string& text) { said += text; });
  const auto rows =
      read("mnli", "sentence1\tsentence2\tgold_label\na\tb\t-\na\tb\tneutral\na\tb\t-\n");
  send_notices({});
  ASSERT_EQ(rows.lines.size(), 1);
  EXPECT_EQ(rows.lines.front().label, 1);
  EXPECT_EQ(rows.unlabelled, 2);
  EXPECT_THAT(said, HasSubstr("skipped 2 rows without a label"));
  EXPECT_THAT(refusal("stsb", "sentence1\tsentence2\tscore\na\tb\t-\n"), HasSubstr("a number"));
}

TEST(OutputsByClassTest, FollowNames) {
  SmallBert bert;
  bert.masked_lm = false;
  bert.pooler = bert.classifier = true;
  Model model = bert.model();
  const auto order = [&](const char* task, const nlohmann::json& labels) {
    model.config["id2label"] = labels;
    return outputs_by_class(model, find_task(task));
  };
  EXPECT_THAT(order("mnli", {{"0", "CONTRADICTION"}, {"1", "Entailment"}, {"2", "neutral"}}),
              ElementsAre(1, 2, 0));
  EXPECT_THAT(order("mnli", {{"0", "entailment"}, {"1", "neutral"}, {"2", "contradiction"}}),
              ElementsAre());
  EXPECT_THAT(order("sst2", {{"0", "POSITIVE"}, {"1", "NEGATIVE"}}), ElementsAre(1, 0));
  EXPECT_THAT(order("sst2", {{"0", "1"}, {"1", "0"}}), ElementsAre(1, 0));
  EXPECT_THAT(order("rte", {{"0", "not entailment"}, {"1", "entailment"}}), ElementsAre(1, 0));
  EXPECT_THAT(order("stsb", {{"0", "score"}}), ElementsAre());
  EXPECT_THAT(error_of([&] {
                order("sst2", {{"0", "good"}, {"1", "bad"}});
              }),
              HasSubstr("its labels are good, bad, but SST-2 has 0, 1"));
  std::string said;
  send_notices([&](const std::string& text) { said += text; });
  EXPECT_THAT(order("sst2", {{"0", "LABEL_0"}, {"1", "LABEL_1"}}), ElementsAre());
  send_notices({});
  EXPECT_THAT(said, HasSubstr("its labels have no names"));
}

TEST_F(GlueTest, SaysWhatIsWrong) {
  EXPECT_THAT(refusal("sst2", "text\tlabel\na\t1\n"), HasSubstr("no column 'sentence'"));
  EXPECT_THAT(refusal("sst2", "sentence\tlabel\na\tgood\n"), HasSubstr("the label is 'good'"));
  EXPECT_THAT(refusal("sst2", "sentence\tlabel\tsentence\na\t1\tb\n"),
              HasSubstr("line 1: column 'sentence', which SST-2 needs, appears twice"));
  // One that the task does not need may be.
  EXPECT_EQ(read("sst2", "id\tsentence\tlabel\tid\n0\ta\t1\t0\n").lines.size(), 1);
  EXPECT_THAT(refusal("stsb", "sentence1\tsentence2\tscore\na\tb\t3,5\n"), HasSubstr("'3,5'"));
  EXPECT_THAT(refusal("sst2", "sentence\tlabel\n"), HasSubstr("no rows"));
  EXPECT_THAT(error_of([] { find_task("sst3"); }),
              HasSubstr("expected one of: mlm, clm, sst2, cola"));
}

TEST_F(GlueTest, ScoresAreNumbersOfTheirRange) {
  const auto file = [&](const std::string& score) {
    return write("task.tsv", "sentence1\tsentence2\tscore\na\tb\t2\na\tb\t" + score + "\n")
        .string();
  };
  const auto tokenizer = word_piece_tokenizer({"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a"});
  const auto load = [&](const char* task, const std::string& score,
                        const std::vector<double>& range) {
    TaskInput input;
    input.data = file(score);
    input.score_range = range;
    return find_task(task).load(input, *tokenizer, 512).sequences.back().target;
  };
  for (const char* task : {"stsb", "sts"}) {
    for (const char* score : {"nan", "inf", "-inf", "NaN", "5.01", "-0.5", "80"}) {
      EXPECT_THAT(error_of([&] { load(task, score, {}); }), HasSubstr("row 3: the score is "))
          << score;
    }
    EXPECT_THAT(error_of([&] { load(task, "nan", {0, 100}); }), HasSubstr("expected a number"));
    EXPECT_THAT(error_of([&] { load(task, "1", {5, 0}); }), HasSubstr("`score-range` is 5,0"));
  }
  EXPECT_EQ(load("stsb", "80", {0, 100}), 80);  // a head's own output
  EXPECT_DOUBLE_EQ(load("sts", "80", {0, 100}), 0.8);
  EXPECT_DOUBLE_EQ(load("sts", "2", {1, 5}), 0.25);
  EXPECT_DOUBLE_EQ(load("sts", "4", {}), 0.8);
  EXPECT_THAT(error_of([&] { load("wnli", "1", {0, 1}); }), HasSubstr("WNLI has labels"));
}

// sentence-transformers' stsb goes to 1, STS-B's file to 5.
TEST_F(GlueTest, AScaleThatCannotBeTheDocumentedOneIsAskedFor) {
  const auto tokenizer = word_piece_tokenizer({"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a"});
  TaskInput input;
  input.data = write("task.tsv", "sentence1\tsentence2\tscore\na\tb\t1\na\tb\t0.4\n").string();
  const auto load = [&] { return find_task("sts").load(input, *tokenizer, 512); };
  EXPECT_THAT(error_of([&] { load(); }), HasSubstr("`score-range` to 0,5 or 0,1"));
  input.score_range = {0, 1};
  EXPECT_DOUBLE_EQ(load().sequences.back().target, 0.4);
  input.score_range = {0, 5};
  EXPECT_DOUBLE_EQ(load().sequences.back().target, 0.08);
}

TEST_F(GlueTest, PairsAreEncodedAsTheTaskEncodesThem) {
  const auto tokenizer =
      word_piece_tokenizer({"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "one", "two", "three"});
  const auto file =
      write("task.tsv", "sentence1\tsentence2\tlabel\none two\tthree\t1\none\ttwo\t0\n");
  const Task& task = find_task("wnli");
  TaskInput input;
  input.data = file.string();
  input.max_length = 16;
  const Examples text = task.load(input, *tokenizer, 512);
  EXPECT_THAT(text.sequences[0].ids, ElementsAre(2, 5, 6, 3, 7, 3));
  EXPECT_THAT(text.sequences[0].types, ElementsAre(0, 0, 0, 0, 1, 1));
  EXPECT_EQ(text.sequences[0].target, 1);
  EXPECT_EQ(text.tokens(), 11);
  EXPECT_EQ(text.batches, (Batches{{1, 0}}));
  const auto stream = open_sequences({file, &task, false, false, 16, 1}, *tokenizer);
  EXPECT_EQ(stream->total(), 1);
  EXPECT_EQ(stream->next()->ids, text.sequences[0].ids);
  EXPECT_FALSE(stream->next());
  // A batch of both: the shorter is padded, and types are kept.
  const Batch batch = pad(text.sequences);
  EXPECT_EQ(batch.input_ids[1][5].item<std::int64_t>(), 0);
  EXPECT_FALSE(batch.attention_mask[1][5].item<bool>());
  EXPECT_TRUE(batch.attention_mask[0].all().item<bool>());
  EXPECT_EQ(batch.token_type_ids[0][4].item<std::int64_t>(), 1);
}

}  // namespace
}  // namespace braid
