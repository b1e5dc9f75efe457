//! Data contracts: E16xx.

codes! {
    NOT_A_CONTRACT = "E1601", "a file is no data contract",
        why: "Contracts are read as the Open Data Contract Standard 3 writes them, in YAML or JSON: with `apiVersion`, `kind: DataContract` and `schema`.",
        bad: "source orders from csv 'orders.csv' contract 'orders.csv';",
        good: "source orders from csv 'orders.csv' contract 'orders.odcs.yaml';";
    NO_TABLE = "E1602", "a contract or a program has no such table",
        why: "A table is found in a contract by its `physicalName`, or its `name`; where a contract has one table only, that is it. `pipe contract check` compares the tables that both have.",
        bad: "source orders from csv 'orders.csv' contract 'shop.odcs.yaml'; (a contract of customers and shops)",
        good: "source orders from csv 'orders.csv' contract 'orders.odcs.yaml';";
    NO_COLUMNS = "E1603", "a contract of columns that nobody knows",
        why: "A contract names the columns of a table with their types. Those of a source that declares none are known when it has been read once; those of a model when those of its sources are.",
        bad: "pipe contract export orders (of `source orders from csv 'orders.csv';` whose file is not there)",
        good: "source orders from csv 'orders.csv' schema (order_id bigint, total decimal(12, 2));";
    LEFT_OUT = "E1604", "a rule that no contract can hold",
        why: "A contract stands for itself: a rule with a param is written with the param's default. Where it has none the rule is left out; give it one, or write the value in its place.",
        bad: "rules orders { total < $limit; }",
        good: "rules orders { total < 1000; }";
    COLUMN_DROPPED = "E1605", "a contract drops a column",
        why: "Who reads the column finds it gone. It is named by `pipe contract check` and in `pipe plan`: against the columns that the program declares, and against the contract as the last run accepted it.",
        bad: "properties: [order_id] (before: order_id, total)",
        good: "properties: [order_id, total, currency]";
    TYPE_CHANGED = "E1606", "a contract changes a type",
        why: "A narrower type does not hold what it held; another type is read in another way. A wider one breaks a reader only whose own type does not hold it. Types that a contract states by their kind alone (`integer`, `number`) are compared by their kind.",
        bad: "{name: total, physicalType: int} (before: decimal(12, 2))",
        good: "{name: total, physicalType: decimal(14, 2)}";
    REQUIRED_ADDED = "E1607", "a contract requires a value that it did not",
        why: "Data that was right before is not any more.",
        bad: "{name: email, required: true} (before: required: false)",
        good: "{name: email, required: false}";
    KEY_CHANGED = "E1608", "a contract changes a key",
        why: "What was unique may repeat: joins multiply rows, updates by the key hit several.",
        bad: "{name: order_id, unique: false} (before: unique: true)",
        good: "{name: order_id, unique: true}";
    RULE_LOOSENED = "E1609", "a contract promises less than before",
        why: "A rule is gone, lets more pass, or is another one of which nobody can tell what it lets pass. Whoever counts on it has to judge the data alone from now on.",
        bad: "{metric: invalidValues, arguments: {validValues: [new, paid, lost]}} (before: [new, paid])",
        good: "{metric: invalidValues, arguments: {validValues: [new, paid]}}";
    SERVICE_LEVEL = "E1610", "a contract has a worse service level",
        why: "Data may come later, less often, or go sooner than promised before.",
        bad: "{property: latency, value: 2, unit: d} (before: 1)",
        good: "{property: latency, value: 1, unit: d}";
    NO_CONTRACT = "E1611", "a program without a contract",
        why: "Without a file `pipe contract check` compares the contracts that the sources of the program name.",
        bad: "pipe contract check (of a program whose sources name none)",
        good: "pipe contract check orders.odcs.yaml";
}
