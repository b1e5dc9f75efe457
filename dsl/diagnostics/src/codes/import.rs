//! What is said while suites of other tools are imported.

codes! {
    NOT_READ = "E1501", "a file of another tool cannot be read",
        why: "Suites and contracts are read as YAML or JSON, rulesets and checks in code by their own grammar. The place is where reading stopped.",
        bad: "pipe import gx suite.json (a JSON file that ends in the middle)",
        good: "pipe import gx suite.json";
    NOT_A_SUITE = "E1502", "a file is not one of the tool's",
        why: "The file can be read, but has none of the entries in which this tool keeps its checks. Perhaps it is another tool's, or another file of the tool.",
        bad: "pipe import gx great_expectations.yml (its settings, not a suite)",
        good: "pipe import gx gx/expectations/orders.json";
    UNKNOWN_CHECK = "E1503", "the tool has no check of this name",
        why: "The name is not in the tool's documentation: it is misspelt, or a check that somebody wrote. What it does has to be written as a rule by hand.",
        bad: "{\"type\": \"expect_column_values_to_be_nice\", \"kwargs\": {\"column\": \"mood\"}}",
        good: "rules moods { mood in ('good', 'better'); }";
    NOT_SAID = "E1504", "a check cannot be said in `.pipe`",
        why: "The message says why, and what comes nearest. With `--partial` the rest is written, the exit code is 0, and what is left out is listed in a comment.",
        bad: "{\"type\": \"expect_column_values_to_be_dateutil_parseable\", \"kwargs\": {\"column\": \"born\"}}",
        good: "rules people { born is date '%d.%m.%Y'; }";
    ARGUMENT = "E1505", "an argument of a check is missing, unknown or wrong",
        why: "An argument that is passed over would change what the check means. Those without a bearing on the verdict, such as titles and output formats, are left out.",
        bad: "{\"type\": \"expect_column_values_to_be_in_set\", \"kwargs\": {\"column\": \"status\", \"values\": [\"new\"]}}",
        good: "{\"type\": \"expect_column_values_to_be_in_set\", \"kwargs\": {\"column\": \"status\", \"value_set\": [\"new\"]}}";
    TEMPLATE = "E1506", "a value is filled in only when the suite runs",
        why: "Templates and variables have no value yet while a file is read, nor has a parameter of a suite that states none for it. Write the value in, or make a `param` of it afterwards.",
        bad: "accepted_values: {values: \"{{ var('statuses') }}\"}",
        good: "accepted_values: {values: ['new', 'paid']}";
    NOT_SOUND = "E1507", "the rule that was made of a check is not right",
        why: "Each rule is checked before it is written, as `pipe check` does. What is refused here would be an error there: a regular expression with look-around, bounds that are swapped, SQL of another dialect.",
        bad: "{\"type\": \"expect_column_values_to_match_regex\", \"kwargs\": {\"column\": \"code\", \"regex\": \"(?<=x)y\"}}",
        good: "{\"type\": \"expect_column_values_to_match_regex\", \"kwargs\": {\"column\": \"code\", \"regex\": \"xy\"}}";
    UNKNOWN_TYPE = "E1508", "a column has a type that there is not",
        why: "The types of databases and data frames are read by the names they have there; this one has none here. The column is left out of the schema.",
        bad: "{name: area, logicalType: polygon}",
        good: "{name: area, logicalType: string}";
}
