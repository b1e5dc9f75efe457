//! Messages that databases, brokers, object stores and readers are known to give, by kind.

use super::{Kind, Phase, classify};

#[track_caller]
fn all(kind: Kind, messages: &[&str]) {
    let wrong: Vec<String> = messages
        .iter()
        .map(|m| (m, classify(None, Phase::Write, m)))
        .filter(|(_, got)| *got != kind)
        .map(|(m, got)| format!("{}: {m}", got.word()))
        .collect();
    assert!(wrong.is_empty(), "want {}, got\n{}", kind.word(), wrong.join("\n"));
}

#[test]
fn timeout() {
    all(
        Kind::Timeout,
        &[
            "curl: (28) Operation timed out after 30001 milliseconds with 0 bytes received",
            "psycopg2.errors.QueryCanceled: canceling statement due to statement timeout",
            "The operation has timed out.",
            "Execution Timeout Expired. The timeout period elapsed prior to completion of the operation or the server is not responding.",
            "elasticsearch.exceptions.ConnectionTimeout: ConnectionTimeout caused by - ReadTimeoutError",
            "Topic orders not present in metadata after 60000 ms.",
            "ERROR: could not connect to the publisher: connection to server failed: timeout expired",
            "botocore.exceptions.ConnectTimeoutError: Connect timeout on endpoint URL",
            "google.api_core.exceptions.DeadlineExceeded: 504 Deadline Exceeded",
            "pymongo.errors.ServerSelectionTimeoutError: No servers found yet, Timeout: 30s",
            "java.sql.SQLTransientConnectionException: HikariPool-1 - Connection is not available, request timed out after 30000ms.",
            "canceling statement due to lock timeout",
            "canceling statement due to user request",
            "context deadline exceeded",
            "dial tcp 10.0.0.1:5432: i/o timeout",
            "Local: Message timed out",
            "Local: Timed out",
            "java.net.SocketTimeoutException: Read timed out",
            "requests.exceptions.ReadTimeout: HTTPSConnectionPool(host='x', port=443): Read timed out. (read timeout=30)",
            "Query exceeded the maximum execution time of 300s",
            "HTTP Status Code: 408. Error: Request timeout.",
            "HTTP Status Code: 504. Error: Gateway timeout.",
            "operation timed out after 30 seconds",
            "max_execution_time exceeded",
            "Query execution was interrupted, maximum statement execution time exceeded",
            "asyncio.exceptions.TimeoutError",
            "Statement reached its statement or warehouse timeout of 60 second(s) and was canceled.",
        ],
    );
}

#[test]
fn connection() {
    all(
        Kind::Connection,
        &[
            "Error: write EPIPE",
            "upstream connect error or disconnect/reset before headers. reset reason: connection failure",
            "redis.exceptions.ConnectionError: Error 111 connecting to localhost:6379. Connection refused.",
            "kombu.exceptions.OperationalError: [Errno 111] Connection refused",
            "curl: (6) Could not resolve host: api.example.com",
            "Broker: Group coordinator not available",
            "Local: SSL error",
            "botocore.exceptions.EndpointConnectionError: Could not connect to the endpoint URL: \"https://s3.x\"",
            "google.api_core.exceptions.ServiceUnavailable: 503 failed to connect to all addresses",
            "MongoServerSelectionError: connect ECONNREFUSED 127.0.0.1:27017",
            "com.mysql.cj.jdbc.exceptions.CommunicationsException: Communications link failure",
            "Local: Broker transport failure",
            "Local: All broker connections are down",
            "Broker: Leader not available",
            "Broker: Not leader for partition",
            "Broker: Network exception",
            "Local: Communication failure with broker",
            "server closed the connection unexpectedly\n\tThis probably means the server terminated abnormally",
            "could not translate host name \"db\" to address: Name or service not known",
            "FATAL: the database system is starting up",
            "FATAL: terminating connection due to administrator command",
            "read tcp 10.0.0.1:443: connection reset by peer",
            "dial tcp: lookup db.internal: no such host",
            "[Errno 111] Connection refused",
            "[Errno 32] Broken pipe",
            "MySQL server has gone away",
            "Lost connection to MySQL server during query",
            "Communications link failure",
            "Can't connect to MySQL server on 'localhost' (111)",
            "HTTPSConnectionPool(host='api', port=443): Max retries exceeded with url: /v1 (Caused by NewConnectionError('Failed to establish a new connection'))",
            "urllib3.exceptions.ProtocolError: ('Connection aborted.', RemoteDisconnected('Remote end closed connection without response'))",
            "IncompleteRead(512 bytes read, 1024 more expected)",
            "after 10 retries, max_retries: 10, retry_timeout: 180s - Server returned non-2xx status code: 503 Service Unavailable",
            "error trying to connect: dns error: failed to lookup address information: Temporary failure in name resolution",
            "Network is unreachable",
            "No route to host",
            "SSL: UNEXPECTED_EOF_WHILE_READING] EOF occurred in violation of protocol",
            "503 Server Error: Service Unavailable for url: https://x",
            "We encountered an internal error. Please try again.",
            "connection to server at \"10.0.0.1\", port 5432 failed: Connection refused",
            "socket hang up",
        ],
    );
}

#[test]
fn throttled() {
    all(
        Kind::Throttled,
        &[
            "es_rejected_execution_exception: rejected execution of coordinating operation",
            "openai.error.RateLimitError: You exceeded your current quota",
            "TooManyRequestsException: Rate exceeded",
            "Request rate is large. More Request Units may be needed",
            "google.api_core.exceptions.TooManyRequests: 429",
            "403 Exceeded rate limits: too many api requests per user per method for this user_method",
            "zendesk: 429 Client Error: Too Many Requests",
            "HTTP Status Code: 429. Error: Too many requests.",
            "An error occurred (ThrottlingException) when calling the GetRecords operation: Rate exceeded",
            "Exceeded rate limits: too many table update operations for this table",
            "rateLimitExceeded",
            "Quota exceeded for quota metric 'Read requests' and limit 'Read requests per minute per user'",
            "REQUEST_LIMIT_EXCEEDED: TotalRequests Limit exceeded.",
            "SlowDown: Please reduce your request rate",
            "The server is busy. ServerBusy",
            "You have reached your API limit",
            "429 Client Error: Too Many Requests for url: https://x",
            "Request was throttled. Expected available in 30 seconds.",
            "RequestLimitExceeded: Request limit exceeded.",
            "Rate limit exceeded, retry after 30s",
        ],
    );
}

#[test]
fn auth() {
    all(
        Kind::Auth,
        &[
            "Invalid username or token. Password authentication is not supported",
            "remote: HTTP Basic: Access denied",
            "The provided credentials are invalid",
            "Login failed for user 'NT AUTHORITY\\ANONYMOUS LOGON'.",
            "Bad credentials",
            "oauth2: cannot fetch token: 400 Bad Request Response: {\"error\": \"invalid_grant\"}",
            "connection to server at \"localhost\" failed: fe_sendauth: no password supplied",
            "Generic S3 error: Error performing PUT https://x: response error \"InvalidAccessKeyId\"",
            "AWS SSO token has expired and refresh failed",
            "snowflake.connector.errors.DatabaseError: 250001 (08001): Failed to connect to DB. Incorrect username or password was specified.",
            "Invalid API Key provided",
            "salesforce: INVALID_LOGIN: Invalid username, password, security token; or user locked out.",
            "ERROR 1045 (28000): Access denied for user 'x'@'y' (using password: NO)",
            "Access denied for user 'root'@'localhost' (using password: YES)",
            "FATAL: no pg_hba.conf entry for host \"10.0.0.1\", user \"x\", database \"y\", SSL off",
            "Login failed for user 'sa'.",
            "ORA-01017: invalid username/password; logon denied",
            "401 Client Error: Unauthorized for url: https://api.example.com/v1/x",
            "SignatureDoesNotMatch: The request signature we calculated does not match the signature you provided",
            "InvalidAccessKeyId: The AWS Access Key Id you provided does not exist in our records.",
            "UnrecognizedClientException: The security token included in the request is invalid.",
            "google.auth.exceptions.RefreshError: ('invalid_grant: Bad Request', {'error': 'invalid_grant'})",
            "Local: Authentication failure",
            "Broker: SASL Authentication failed",
            "Incorrect username or password was specified.",
            "JWT token is invalid.",
            "NoCredentialsError: Unable to locate credentials",
            "Invalid API Key provided: sk_test_xxxx",
            "Expired API Key provided",
            "FATAL: password authentication failed for user \"loader\"",
            "INVALID_SESSION_ID: Session expired or invalid",
            "HTTP Status Code: 401. Error: Unauthorized. Please ensure you are authenticated correctly.",
            "authentication token has expired",
            "FATAL: role \"x\" is not permitted to log in",
            "Server failed to authenticate the request. Make sure the value of Authorization header is formed correctly",
            "FATAL: Peer authentication failed for user \"postgres\"",
            "MongoServerError: Authentication failed.",
        ],
    );
}

#[test]
fn permission() {
    all(
        Kind::Permission,
        &[
            "User does not have permission to perform this action.",
            "AuthorizationPermissionMismatch: This request is not authorized",
            "The SELECT permission was denied on the object 'orders'",
            "Caller does not have storage.objects.get access to the Google Cloud Storage object.",
            "You do not have sufficient privileges to perform this operation",
            "Failed to open /data: Permission denied (os error 13)",
            "Local: Operation not allowed for this topic? Topic authorization failed",
            "Broker: Transactional Id authorization failed",
            "ERROR: must be member of role \"admin\"",
            "ERROR: permission denied to create role",
            "Generic S3 error: Client error with status 403 Forbidden",
            "stripe.error.PermissionError: The provided key 'rk_live' does not have the required permissions for this endpoint",
            "HubSpot: 403 This app hasn't been granted all required scopes to make this call",
            "ERROR 1142 (42000): INSERT command denied to user 'x'@'y' for table 't'",
            "ERROR: permission denied for table orders",
            "permission denied for relation orders",
            "ERROR: must be superuser to create subscriptions",
            "403 Client Error: Forbidden for url: https://x",
            "HTTP Status Code: 403. Error: Forbidden. You don't have permission to access this resource.",
            "AccessDenied: User: arn:aws:iam::1:user/x is not authorized to perform: s3:PutObject",
            "SELECT command denied to user 'x'@'%' for table 'orders'",
            "SQL access control error: Insufficient privileges to operate on schema 'X'",
            "Broker: Topic authorization failed",
            "Broker: Group authorization failed",
            "ORA-01031: insufficient privileges",
            "PermissionError: [Errno 13] Permission denied: '/data/out'",
            "The caller does not have permission (PERMISSION_DENIED)",
            "This request is not authorized to perform this operation using this permission.",
            "ERROR: cannot execute INSERT in a read-only transaction",
            "INSUFFICIENT_ACCESS: insufficient access rights on object id",
            "Request had insufficient authentication scopes.",
            "not authorized on admin to execute command { listDatabases: 1 }",
            "Address not in tenant allow_list",
            "EPERM: operation not permitted",
        ],
    );
}

#[test]
fn not_found() {
    all(
        Kind::NotFound,
        &[
            "The specified key does not exist.",
            "fatal: bucket gs://x not found",
            "index_not_found_exception: no such index [orders]",
            "Could not find file 'C:\\x.csv'.",
            "Unknown table 'orders' in information_schema",
            "Catalog Error: Table with name orders does not exist!",
            "could not open file \"x\" for reading: No such file or directory",
            "Object store error: Generic LocalFileSystem error: Unable to access metadata for /x: No such file or directory (os error 2)",
            "Invalid table version: 42",
            "botocore.errorfactory.ResourceNotFoundException: An error occurred (ResourceNotFoundException)",
            "google.api_core.exceptions.NotFound: 404 GET https://bigquery.googleapis.com: Not found: Dataset p:d",
            "snowflake.connector.errors.ProgrammingError: 002003 (42S02): SQL compilation error: Object 'X' does not exist or not authorized.",
            "ERROR 1146 (42S02): Table 'a.b' doesn't exist",
            "Path does not exist: s3://bucket/x",
            "FATAL: database \"shop\" does not exist",
            "Table 'shop.orders' doesn't exist",
            "Unknown database 'shop'",
            "The specified bucket does not exist",
            "[Errno 2] No such file or directory: 'data.csv'",
            "Object at location data/x.parquet not found",
            "Not found: Table proj:dataset.table was not found in location US",
            "Table or view not found: orders",
            "Local: Unknown topic",
            "Local: Unknown partition",
            "HTTP Status Code: 404. Error: Not found. The requested resource was not found on the server.",
            "Not a Delta table: no log files",
            "ORA-00942: table or view does not exist",
            "table 'datafusion.public.orders' not found",
            "BlobNotFound: The specified blob does not exist.",
            "no such table: orders",
            "Error during planning: Invalid function 'foo'. Did you mean 'floor'? function not found",
            "ResourceNotFoundException: Requested resource not found: Table: x not found",
            "ERROR: type \"mood\" does not exist",
            "Invalid object name 'dbo.orders'.",
            "ERROR: role \"reporting\" does not exist",
        ],
    );
}

#[test]
fn quota() {
    all(
        Kind::Quota,
        &[
            "ERROR: insufficient memory: could not allocate 64 bytes",
            "circuit_breaking_exception: [parent] Data too large",
            "The transaction log for database 'x' is full due to 'LOG_BACKUP'.",
            "Max concurrent queries reached",
            "disk usage exceeded flood-stage watermark, index has read-only-allow-delete block",
            "Code: 241. DB::Exception: Memory limit (for query) exceeded",
            "Local: Purged in queue",
            "Broker: Message size too large",
            "WARNING: out of shared memory HINT: You might need to increase max_locks_per_transaction.",
            "403 Quota exceeded: Your table exceeded quota for imports or query appends per table",
            "ERROR 1040 (HY000): Too many connections",
            "ERROR 1114 (HY000): The table 't' is full",
            "org.apache.spark.SparkException: Job aborted due to stage failure: Total size of serialized results is bigger than spark.driver.maxResultSize",
            "FATAL: sorry, too many clients already",
            "Too many connections",
            "[Errno 28] No space left on device",
            "could not extend file \"base/1/2\": No space left on device",
            "Resources exhausted: Failed to allocate additional 12.0 MB for ExternalSorter with 0 bytes already reserved",
            "ERROR: out of shared memory",
            "ERROR: out of memory\nDETAIL: Failed on request of size 1024",
            "Too many open files (os error 24)",
            "Quota exceeded: Your project exceeded quota for free query bytes scanned",
            "java.lang.OutOfMemoryError: unable to create new native thread",
            "Container killed by YARN for exceeding memory limits. 5.5 GB of 5.5 GB physical memory used",
            "Memory limit (total) exceeded: would use 9.31 GiB",
            "FATAL: too many connections for role \"loader\"",
            "Response too large to return. Consider specifying a destination table",
            "Disk quota exceeded",
            "Local: Queue full",
            "MemoryError: Unable to allocate 7.45 GiB for an array",
            "temporary file size exceeds temp_file_limit (1048576kB)",
            "Resources exceeded during query execution: The query could not be executed in the allotted memory.",
            "User 'x' has exceeded the 'max_user_connections' resource (current value: 10)",
            "QueuePool limit of size 5 overflow 10 reached",
            "polars.exceptions.ComputeError: cannot allocate memory",
            "STORAGE_LIMIT_EXCEEDED: storage limit exceeded",
        ],
    );
}

#[test]
fn conflict() {
    all(
        Kind::Conflict,
        &[
            "Metadata changed since last commit.",
            "max_commit_attempts reached: Failed to commit transaction: 15",
            "ERROR 1205 (HY000): Lock wait timeout exceeded; try restarting transaction",
            "ERROR: deadlock detected",
            "Deadlock found when trying to get lock; try restarting transaction",
            "ERROR: could not serialize access due to concurrent update",
            "Lock wait timeout exceeded; try restarting transaction",
            "database is locked",
            "Commit failed: a concurrent transactions deleted data this operation read",
            "ConcurrentAppendException: Files were added to the root of the table by a concurrent update.",
            "CommitFailedException: Cannot commit: branch main has changed",
            "The condition specified using HTTP conditional header(s) is not met. (412 Precondition Failed)",
            "WriteConflict error: this operation conflicted with another operation. Please retry your operation",
        ],
    );
}

#[test]
fn constraint() {
    all(
        Kind::Constraint,
        &[
            "The DELETE statement conflicted with the REFERENCE constraint \"FK_x\"",
            "The INSERT statement conflicted with the CHECK constraint \"CK_x\"",
            "value for domain email violates check constraint \"email_check\"",
            "ERROR: cannot insert a non-DEFAULT value into column \"id\"",
            "ERROR: null value in column \"user_id\" of relation \"events_102\" violates not-null constraint",
            "Json error: Encountered unmasked nulls in non-nullable StructArray child: a",
            "Document failed validation",
            "Data truncation: Data too long for column 'x' at row 1",
            "new row for relation \"orders\" violates check constraint \"orders_quantity_check\"",
            "insert or update on table \"orders\" violates foreign key constraint \"orders_customer_fk\"",
            "ERROR: value too long for type character varying(10)",
            "Data too long for column 'name' at row 1",
            "ERROR: numeric field overflow DETAIL: A field with precision 5, scale 2 must round to an absolute value less than 10^3.",
            "Column 'name' cannot be null",
            "Field 'name' doesn't have a default value",
            "Out of range value for column 'age' at row 1",
            "Cannot insert the value NULL into column 'name', table 'shop.dbo.orders'; column does not allow nulls. INSERT fails.",
            "Check or Invariant (id > 1000) violated by value in row: [1]",
            "String or binary data would be truncated in table 'x', column 'y'.",
            "NOT NULL constraint failed: orders.id",
            "CHECK constraint failed: quantity > 0",
            "update or delete on table \"customers\" violates foreign key constraint \"fk\" on table \"orders\"",
            "ORA-12899: value too large for column \"A\".\"B\" (actual: 11, maximum: 10) exceeds column width",
            "ERROR: integer out of range",
        ],
    );
}

#[test]
fn duplicate_key() {
    all(
        Kind::DuplicateKey,
        &[
            "Violation of UNIQUE KEY constraint 'UQ_x'. Cannot insert duplicate key",
            "version_conflict_engine_exception: document already exists",
            "ERROR: duplicate key value violates unique constraint \"x_pkey_102\"",
            "duplicate key value violates unique constraint \"orders_pkey\"",
            "UNIQUE constraint failed: orders.id",
            "Violation of PRIMARY KEY constraint 'PK_orders'. Cannot insert duplicate key in object 'dbo.orders'.",
            "ORA-00001: unique constraint (SHOP.PK_ORDERS) violated",
            "E11000 duplicate key error collection: shop.orders index: _id_",
            "Constraint Error: Duplicate key \"id: 1\" violates primary key constraint.",
            "ERROR: relation \"orders\" already exists",
            "Table 'orders' already exists",
            "BucketAlreadyExists: The requested bucket name is not available.",
            "Object at location x already exists",
            "ERROR: column \"a\" of relation \"t\" already exists",
            "Already Exists: Table proj:ds.t",
        ],
    );
}

#[test]
fn schema() {
    all(
        Kind::Schema,
        &[
            "the field [x] has a mapping conflict: mapper cannot be changed from type [long] to [text]",
            "Missing required columns: {'total'}",
            "Columns in file do not match columns in table",
            "Number of columns in file (8) does not match that of the corresponding table (7)",
            "table has no column named discount",
            "Length mismatch: Expected axis has 5 elements, new values have 6 elements",
            "Table schema does not match: expected 3 fields, found 4",
            "Cannot merge fields: types differ int64 vs string",
            "Arrow error: Invalid argument error: number of columns(3) must match number of fields(2) in schema",
            "simple_salesforce.exceptions.SalesforceMalformedRequest: INVALID_FIELD: No such column 'X' on entity 'Y'",
            "ERROR 1054 (42S22): Unknown column 'x' in 'field list'",
            "KeyError: 'customer_id'",
            "Found duplicate column(s) in the data schema: `a`",
            "Failed to merge incompatible data types IntegerType and StringType",
            "pandera.errors.SchemaError: column 'a' not in dataframe",
            "ERROR: column \"totl\" does not exist",
            "ERROR: column \"x\" of relation \"orders\" does not exist",
            "Unknown column 'totl' in 'field list'",
            "no such column: totl",
            "Schema error: No field named totl. Valid fields are orders.total.",
            "Invalid column name 'totl'.",
            "Unrecognized name: totl at [1:8]",
            "cannot resolve '`totl`' given input columns: [orders.total]",
            "org.apache.spark.sql.catalyst.util.UnknownFieldException: Encountered unknown fields during parsing: [x]",
            "Usecols do not match columns, columns expected but not found: ['totl']",
            "KeyError: \"['totl'] not in index\"",
            "The schema of your Delta table has changed in an incompatible way since your DataFrame was created",
            "INSERT has more expressions than target columns",
            "Column count doesn't match value count at row 1",
            "Schema change detected: column `discount` was added",
            "Binder Error: Referenced column \"totl\" not found in FROM clause!",
            "Expected column total, found sum_total: column not found",
            "SchemaMismatchError: incompatible schema",
            "New columns found in source: discount",
            "missing column: total",
            "polars.exceptions.ColumnNotFoundError: totl",
        ],
    );
}

#[test]
fn types() {
    all(
        Kind::Type,
        &[
            "failed to parse field [price] of type [float] in document",
            "Failed to cast value: abc to type DOUBLE",
            "Error converting data type varchar to numeric.",
            "cannot convert value '12,5' of type string to float64",
            "Timestamp '2026-02-30' is not recognized",
            "could not parse \"abc\" as type int64",
            "Incorrect type. Expected Int but got Text",
            "strconv.ParseInt: parsing \"abc\": invalid syntax",
            "Arithmetic overflow error converting numeric to data type numeric.",
            "ERROR: operator does not exist: json = json",
            "ERROR: column \"value\" is of type jsonb but expression is of type text",
            "Failed to parse 'abc' as 'integer'",
            "Json error: whilst decoding field 'a': expected string got 5",
            "Csv error: Error while parsing value 'abc' as type 'Int32' for column 0 at line 4. Row data: '[abc]'",
            "Divide by zero error",
            "Compute error: Overflow happened on: 127 + 1",
            "Data truncation: Incorrect date value: '0000-00-00' for column 'd' at row 1",
            "Expected column 'price' to be of type float, got object",
            "pandera.errors.SchemaError: expected series 'a' to have type int64, got object",
            "ERROR: invalid input syntax for type integer: \"abc\"",
            "ERROR: cannot cast type text[] to integer",
            "invalid literal for int() with base 10: 'abc'",
            "could not convert string to float: 'abc'",
            "Incorrect integer value: 'abc' for column 'id' at row 1",
            "Incorrect datetime value: '2026-02-30' for column 'd' at row 1",
            "Conversion failed when converting the varchar value 'abc' to data type int.",
            "Numeric value 'abc' is not recognized",
            "operator does not exist: text = integer",
            "column \"a\" is of type integer but expression is of type text",
            "Bad int64 value: abc",
            "java.lang.NumberFormatException: For input string: \"abc\"",
            "Conversion Error: Could not convert string 'abc' to INT32",
            "Arrow error: Cast error: Cannot cast string '2026-02-30' to value of Date32(Day) type",
            "value \"99999999999\" is out of range for type integer",
            "date/time field value out of range: \"2026-13-01\"",
            "TypeError: '<' not supported between instances of 'str' and 'int'",
            "ArrowInvalid: Integer value 300 out of range of int8",
            "datatype mismatch",
            "Type mismatch: expected Int64, got Utf8",
            "java.lang.ClassCastException: class java.lang.String cannot be cast to class java.lang.Integer",
            "ValueError: time data '31/31/2026' does not match format '%d/%m/%Y'",
            "Error parsing timestamp from 'yesterday': error parsing date",
        ],
    );
}

#[test]
fn parse() {
    all(
        Kind::Parse,
        &[
            "unexpected end of JSON input",
            "invalid character '<' looking for beginning of value",
            "record on line 3: wrong number of fields",
            "bare \" in non-quoted-field",
            "Found character '\\' that cannot start any token",
            "zipfile.BadZipFile: File is not a zip file",
            "pyarrow.lib.ArrowInvalid: CSV parse error: Expected 3 columns, got 4",
            "mapping values are not allowed here",
            "Local: Read underflow",
            "Local: Key serialization error",
            "ERROR: invalid byte sequence for encoding \"UTF8\": 0x00",
            "Invalid JSON in invariant expression",
            "Json error: Encountered unexpected 'n' whilst parsing value",
            "Parquet error: Could not parse metadata: bad data",
            "Parquet argument error: EOF: seek before start of file",
            "Error while reading data, error message: JSON table encountered too many errors",
            "json.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)",
            "SyntaxError: Unexpected token < in JSON at position 0",
            "UnicodeDecodeError: 'utf-8' codec can't decode byte 0xff in position 0: invalid start byte",
            "invalid byte sequence for encoding \"UTF8\": 0xff",
            "ERROR: extra data after last expected column",
            "ERROR: missing data for column \"total\"",
            "ERROR: unterminated CSV quoted field",
            "stream did not contain valid UTF-8",
            "gzip: invalid header",
            "Not a gzipped file (b'ab')",
            "CSV error: record 3 (line: 4, byte: 30): found record with 4 fields, but the previous record has 3 fields",
            "EOF while parsing a value at line 1 column 5",
            "Error tokenizing data. C error: EOF inside string starting at row 4",
            "XML syntax error on line 3: unexpected EOF",
            "Local: Invalid CRC",
            "Broker: Invalid message",
            "Local: Key deserialization error",
            "Parquet error: Invalid thrift: bad data",
            "snappy: corrupt input",
            "invalid input syntax for type json",
            "mismatched tag: line 4, column 2",
            "Malformed records are detected in record parsing.",
            "Avro: bad magic bytes",
            "trailing characters at line 1 column 9",
            "Error while reading data, error message: CSV table encountered too many errors, giving up. Bad character (ASCII 0)",
            "zlib error: incorrect header check",
        ],
    );
}

#[test]
fn data() {
    all(
        Kind::Data,
        &[
            "row count 12 is below the expected minimum of 1000",
            "14 of 20 rows failed rule total_positive",
            "Null percentage 12% exceeds threshold 5%",
            "pandera.errors.SchemaError: Column 'a' failed element-wise validator number 0: greater_than(0) failure cases: -1",
            "Test 'unique_orders_id' failed: Got 3 results, configured to fail if != 0",
            "Soda scan: 2/5 checks FAILED",
            "MaximumConstraint(Maximum(price)): Value: 200.0 does not meet the constraint requirement!",
            "column 'x' has 3 negative values",
            "Column 'a' is not unique",
            "Value is out of allowed range: 5",
            "Got 5 results, configured to fail if != 0",
            "Failure in test not_null_orders_id (models/schema.yml)",
            "expect_column_values_to_be_unique: 12 unexpected values",
            "3 checks failed: row_count > 0",
            "SizeConstraint(Size(None)): Value: 3 does not meet the constraint requirement!",
            "column 'id' has 3 null values",
            "column 'id' has 2 non-unique values",
            "Audit 'assert_positive_order_ids' (model: orders) failed: 3 rows",
            "Column 'status' value 'x' is not in the allowed list: [new, paid]",
            "missing_count(email) = 12, should be 0",
            "data quality check `volume` failed",
            "non-nullable series 'total' contains null values",
            "Freshness check: the table is 30h old, staleness limit is 24h",
            "[UNMET_EXPECTATION] 12 records violated expectation valid_total",
            "Value: 0.5 does not meet the requirement! Completeness below threshold",
        ],
    );
}

#[test]
fn config() {
    all(
        Kind::Config,
        &[
            "Unknown option '--foo'",
            "connection string is empty",
            "Missing environment variable: PG_URL",
            "Unsupported connector type: foo",
            "Invalid value 'x' for configuration acks",
            "Broker: Invalid partitions",
            "ERROR: extension \"hll\" is not available",
            "No data source supported for table",
            "No FileSystem for scheme: s3",
            "Unable to infer schema for Parquet. It must be specified manually.",
            "Could not find profile named 'shop'",
            "missing required option `url`",
            "Unknown configuration property 'foo'",
            "unrecognized configuration parameter \"foo\"",
            "HTTP Status Code: 400. Error: Bad request. Please check your request parameters.",
            "HTTP Status Code: 405. Error: Method not allowed. Please check your request method.",
            "No suitable driver found for jdbc:postgresql://x",
            "ModuleNotFoundError: No module named 'psycopg2'",
            "invalid connection option \"foo\"",
            "Invalid URL specified",
            "Generic S3 error: Missing bucket name",
            "Broker: Unsupported SASL mechanism",
            "region must be specified",
            "environment variable `PG_URL` is not set",
            "Credentials provider: bucket region is not configured",
            "Broker: Invalid session timeout",
            "Local: Required feature not supported by broker",
            "Invalid value for config option retries",
        ],
    );
}

#[test]
fn internal() {
    all(
        Kind::Internal,
        &[
            "fatal error: unexpected signal during runtime execution",
            "RuntimeError: dictionary changed size during iteration",
            "thread panicked while processing panic. aborting.",
            "Invalid argument error: all columns in a record batch must have the same length",
            "java.lang.IllegalStateException: Unexpected state",
            "thread 'main' panicked at 'called `Result::unwrap()` on an `Err` value'",
            "AttributeError: module 'x' has no attribute 'y'",
            "called `Option::unwrap()` on a `None` value",
            "index out of bounds: the len is 3 but the index is 5",
            "java.lang.NullPointerException",
            "runtime error: invalid memory address or nil pointer dereference",
            "ERROR: cache lookup failed for relation 16384",
            "assertion failed: offset <= len",
            "'list' object has no attribute 'items'",
            "IndexError: list index out of range",
            "internal error: entered unreachable code",
            "Invalid argument error: column types must match schema types. This was likely caused by a bug in DataFusion's code",
            "Segmentation fault (core dumped)",
            "TypeError: 'NoneType' object is not iterable",
            "UnboundLocalError: local variable 'x' referenced before assignment",
            "Internal error: Unexpected null in plan",
        ],
    );
}
