// One list of facts for each request: what is in it is read from words and JSON, checked, and part
// of provenance and keys; what is not in it is noticed here.
#include "braid/pipeline/options.h"

#include <gmock/gmock.h>

#include "braid/pipeline/curve.h"
#include "braid/pipeline/merge_request.h"

namespace braid {

// Named in conditions only, never defined.
struct Anything {
  template <typename T>
  operator T() const;
};

namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

// The number of members of an aggregate.
template <typename T, typename... Given>
consteval std::size_t members(Given... given) {
  if constexpr (requires { T{given..., Anything{}}; }) {
    return members<T>(given..., Anything{});
  } else {
    return sizeof...(Given);
  }
}

std::size_t count(const OptionList& list) {
  return static_cast<std::size_t>(std::distance(list.begin(), list.end()));
}

// Some other value that the option takes.
nlohmann::json another(const Option& option) {
  const nlohmann::json value = option.get();
  if (option.kind == OptionKind::flag) return value.is_null() || !value.get<bool>();
  if (option.kind == OptionKind::integer || option.kind == OptionKind::bytes) {
    return value.is_null() ? 7 : value.get<std::int64_t>() + 7;
  }
  if (option.kind == OptionKind::number)
    return value.is_number() ? value.get<double>() / 2 + 0.1 : 0.25;
  if (option.kind == OptionKind::numbers) return {1.0, 2.5};
  if (option.choices.empty()) {
    return option.kind == OptionKind::words ? nlohmann::json({"some"}) : nlohmann::json("some");
  }
  const std::string word =
      value == option.choices.front() ? option.choices.back() : option.choices.front();
  return option.kind == OptionKind::words ? nlohmann::json({word}) : nlohmann::json(word);
}

// Every option takes another value, keeps it, and says so in what results are known by, unless it
// only says which files are read and written.
template <typename Request>
void expect_known(const std::set<std::string>& files) {
  std::set<std::string> met;
  Request plain;
  const nlohmann::json before = options_of(plain).values({Use::features, Use::result});
  for (const Option& named : options_of(plain)) {
    Request request;
    const OptionList list = options_of(request);
    const Option& option = list.find(named.name);
    EXPECT_TRUE(met.insert(option.name).second) << option.name << " is there twice";
    EXPECT_FALSE(option.help.empty()) << option.name;
    const nlohmann::json value = another(option);
    option.set(value);
    EXPECT_EQ(option.get(), value) << option.name;
    const bool known = list.values({Use::features, Use::result}) != before;
    EXPECT_EQ(known, !files.contains(option.name))
        << option.name << " shapes the result, or does not, against what its list says";
    Request again;
    options_of(again).assign({{option.key(), value}});
    EXPECT_EQ(options_of(again).find(option.name).get(), value) << option.name;
  }
}

const std::set<std::string> align_files = {"table",    "text",         "data",   "batches",
                                           "features", "from-moments", "moments"};

TEST(OptionsTest, ChangeWhatResultsAreKnownBy) {
  expect_known<AlignRequest>(align_files);
  expect_known<ScoreRequest>({"text", "data", "batches"});
  expect_known<CurveRequest>({"alignment"});
  expect_known<Compute>({"threads"});
  std::set<std::string> merge_files = align_files;
  merge_files.insert({"alignment", "dev", "save-alignments", "overwrite", "shard-size"});
  expect_known<MergeRequest>(merge_files);
}

// Every member of a request is an option of the same request, but for those that are `no_options`;
// options `inside` are members of one of these.
template <typename Request, typename... Bases>
void expect_all_listed(const std::vector<std::string>& no_options,
                       const std::vector<std::string>& inside) {
  Request request;
  const OptionList list = options_of(request);
  for (const std::string& name : inside) EXPECT_EQ(list.find(name).name, name);
  // A base counts as a member of its own.
  const std::size_t all = (members<Request>() + ... + (members<Bases>() - 1));
  EXPECT_EQ(all - no_options.size(), count(list) - inside.size());
}

TEST(OptionsTest, HaveEveryMemberOfARequest) {
  const std::vector<std::string> of_learning = {
      "learn", "move", "steps", "learn-block", "learn-batch", "learn-mask", "learning-rate"};
  expect_all_listed<AlignRequest, AlignSource>({"learning_state", "learning", "learning_text"},
                                               of_learning);
  EXPECT_EQ(members<TrainingText>(), 4);    // text and batches are the request's; masking has two
  EXPECT_EQ(members<MaskingOptions>(), 5);  // all but batch_size
  // The members of TaskInput count as one, and so do those of masking among them.
  expect_all_listed<ScoreRequest>({"TaskInput"},
                                  {"data", "text", "batches", "lines", "mask-probability", "seed",
                                   "character-spaced", "score-range"});
  EXPECT_EQ(members<TaskInput>(), 7);  // data, text, batches, lines, max_length, masking, range
  expect_all_listed<CurveRequest>({"score"}, {});
  std::vector<std::string> in_merge = {"repair", "repair-ridge", "heal", "heal-learning-rate"};
  AlignRequest align;
  for (const Option& option : options_of(align)) in_merge.push_back(option.name);
  expect_all_listed<MergeRequest>({"models", "out", "made_by", "align", "repairing", "healing"},
                                  in_merge);
}

TEST(OptionsTest, SayWhatTheyReadAndWrite) {
  MergeRequest merge;
  merge.models = {"a", "b"};
  merge.out = "m";
  merge.align.text = "text";
  merge.align.start = "x.alignment";
  merge.align.moments = "moments";
  merge.save_alignments = "all";
  OptionList list = folders_of(merge);
  list.append(options_of(merge));
  const FilePlan plan = files_of(list);
  EXPECT_EQ(plan.inputs, (std::vector<std::filesystem::path>{"a", "b", "text", "x.alignment"}));
  std::vector<std::filesystem::path> outputs;
  for (const PlannedOutput& output : plan.outputs) outputs.push_back(output.path);
  EXPECT_EQ(outputs, (std::vector<std::filesystem::path>{"m", "m.learning.safetensors",
                                                         "m.heal.safetensors", "all", "moments"}));
  merge.align.start = "weights";
  EXPECT_EQ(files_of(list).inputs.size(), 3);
  std::string log;
  list.add("log", log, "Somewhere");  // a path, or a word?
  EXPECT_THAT([&] { files_of(list); }, ThrowsMessage<Error>(HasSubstr("`log` does not declare")));
}

TEST(OptionsTest, RefuseInWords) {
  AlignRequest request;
  MergeRequest merge;
  const OptionList list = options_of(request), merging = options_of(merge);
  const auto refuses = [](const OptionList& in, const char* name, const char* text,
                          const char* says) {
    EXPECT_THAT([&] { in.find(name).parse(text); }, ThrowsMessage<Error>(HasSubstr(says)))
        << name << " " << text;
  };
  refuses(list, "heads", "permutate", "`heads`: 'permutate' is not one of permute, monotonic");
  refuses(list, "components", "ffn,foo", "`components`: 'foo' is not one of ffn, attention");
  refuses(list, "components", "", "`components` is empty");
  refuses(list, "components", "ffn,", "`components`: '' is not one of ffn, attention");
  refuses(list, "lines", "-1", "`lines` is -1, expected a whole number of at least 0");
  refuses(list, "lines", "3.5", "`lines` is '3.5', expected a whole number");
  refuses(list, "learning-rate", "nan", "finite number");
  refuses(list, "learning-rate", "inf", "finite number");
  refuses(list, "learn-mask", "1.5", "from 0 to 1");
  refuses(list, "seed", "-1", "at least 0");
  refuses(list, "seed", "99999999999999999999", "whole number");
  refuses(list, "lines", "18446744073709551615", "`lines` is 18446744073709551615, expected");
  refuses(list, "canonicalise", "perhaps", "true or false");
  refuses(merging, "weights", "1,two", "numbers");
  refuses(merging, "weights", "1,,2", "numbers");
  refuses(merging, "shard-size", "5 apples", "a size, such as 5GB");
  for (const char* text :
       {"9999999999GB", "5iB", "5GiiB", "GB", "5BB", "5XB", "-5GB", "5.5GB", ""}) {
    refuses(merging, "shard-size", text, "a size, such as 5GB");
  }
  EXPECT_THAT(
      [&] {
        list.assign({{"haeds", "permute"}});
      },
      ThrowsMessage<Error>(HasSubstr("'haeds' is not a known option")));
  EXPECT_THAT(
      [&] {
        list.assign({{"lines", "many"}});
      },
      ThrowsMessage<Error>(HasSubstr("`lines`")));
}

TEST(MergeRequestTest, SharesHaveAFiniteSum) {
  MergeRequest request;
  request.models = {"a", "b"};
  request.weights = {1, 3};
  EXPECT_THAT(request.shares(), ::testing::ElementsAre(0.25, 0.75));
  request.weights = {1e308, 1e308};
  EXPECT_THAT([&] { request.shares(); }, ThrowsMessage<Error>(HasSubstr("`weights`")));
}

TEST(OptionsTest, ReadSizes) {
  MergeRequest request;
  const OptionList list = options_of(request);
  for (const auto& [text, size] :
       std::vector<std::pair<const char*, std::int64_t>>{{"5GB", 5'000'000'000},
                                                         {"5GiB", std::int64_t{5} << 30},
                                                         {"5B", 5'000'000'000},
                                                         {"300 MB", 300'000'000},
                                                         {"300 mib", 300 << 20},
                                                         {"7", 7},
                                                         {"2k", 2000}}) {
    list.find("shard-size").parse(text);
    EXPECT_EQ(request.shard_size, size) << text;
  }
}

}  // namespace
}  // namespace braid
