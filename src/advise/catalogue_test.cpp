#include "advise/catalogue.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace dnnbench {
namespace {

TEST(Catalogue, TheBuiltInOneIsWhole) {
  const Catalogue catalogue = built_in_catalogue();
  EXPECT_EQ(catalogue.instances.size(), 76U);
  EXPECT_TRUE(catalogue.complaints.empty());
  for (const InstanceType& type : catalogue.instances) {
    EXPECT_GT(type.usd_per_hour.value_or(0), 0) << type.name;
    EXPECT_TRUE(type.arch == "x86_64" || type.arch == "arm64") << type.name;
    EXPECT_FALSE(type.price_source.empty() || type.spec_source.empty()) << type.name;
    EXPECT_EQ(type.price_date.size(), 10U) << type.name;
    EXPECT_EQ(type.gpu.empty(), type.gpus.value_or(0) == 0) << type.name;
  }
}

TEST(Catalogue, AFractionOfAGpuIsOne) {
  const Catalogue catalogue = built_in_catalogue();
  EXPECT_EQ(catalogue.find("g6f.large")->gpus, 0.125);
  EXPECT_EQ(catalogue.find("c6g.medium")->gpus, std::nullopt);
}

TEST(Catalogue, MissingFieldsAreNotKnown) {
  const Catalogue catalogue =
      parse_catalogue("usd_per_hour,arch,instance,mine\n0.11,aarch64,rack,x\n,,idle\n", "f.csv");
  ASSERT_EQ(catalogue.instances.size(), 2U);
  EXPECT_EQ(catalogue.find("rack")->arch, "arm64");
  EXPECT_EQ(catalogue.find("rack")->usd_per_hour, 0.11);
  EXPECT_EQ(catalogue.find("rack")->vcpu, std::nullopt);
  EXPECT_EQ(catalogue.find("idle")->usd_per_hour, std::nullopt);
  EXPECT_EQ(catalogue.find("none"), nullptr);
}

TEST(Catalogue, RowsThatCantBeUsedAreNamedByLineAndLeftOut) {
  const Catalogue catalogue = parse_catalogue(
      "instance,usd_per_hour,vcpu\n"
      "good,1,2\n"
      "words,cheap,2\n"
      "negative,-1,2\n"
      "\n"
      ",1,2\n"
      "good,3,2\n"
      "long,1,2,3\n"
      "cores,1,two\n"
      "infinite,inf,2\n"
      "nan,nan,2\n",
      "f.csv");
  ASSERT_EQ(catalogue.instances.size(), 1U);
  EXPECT_EQ(catalogue.instances[0].usd_per_hour, 1);
  EXPECT_EQ(catalogue.complaints,
            (std::vector<std::string>{
                "f.csv, line 3: left out: usd_per_hour is \"cheap\", not a number from 0 to 1e9",
                "f.csv, line 4: left out: usd_per_hour is \"-1\", not a number from 0 to 1e9",
                "f.csv, line 6: left out: it names no instance",
                "f.csv, line 7: left out: good is already in line 2",
                "f.csv, line 8: left out: it has 4 fields, the first line names 3",
                "f.csv, line 9: left out: vcpu is \"two\", not a number from 0 to 1e9",
                "f.csv, line 10: left out: usd_per_hour is \"inf\", not a number from 0 to 1e9",
                "f.csv, line 11: left out: usd_per_hour is \"nan\", not a number from 0 to 1e9"}));
  EXPECT_EQ(catalogue.left_out.at("words"), 3U);
}

TEST(Catalogue, WhatIsNotACatalogueIsRefused) {
  EXPECT_THROW(parse_catalogue("", "f.csv"), UsageError);
  EXPECT_THROW(parse_catalogue("instance;usd_per_hour\na;1\n", "f.csv"), UsageError);
  EXPECT_THROW(parse_catalogue("instance,usd_per_hour\n\"a,1\n", "f.csv"), UsageError);
  EXPECT_THROW(read_catalogue("/no/such/file.csv"), UsageError);
  EXPECT_THROW(read_catalogue("/"), UsageError);
}

}  // namespace
}  // namespace dnnbench
