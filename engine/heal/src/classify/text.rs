//! Ordered regular expressions on the text of errors. The first that matches decides, so what is said by few words of one
//! meaning stands above what many errors say (`not found`, `invalid`). Case does not matter.

use std::sync::LazyLock;

use regex::{RegexSet, RegexSetBuilder};

use super::{Kind, Phase};

/// When an entry counts.
#[derive(Clone, Copy, PartialEq, Eq)]
enum When {
    Always,
    During(Phase),
    Outside(Phase),
}

use When::{Always, During, Outside};

/// In order; an entry that must stand before another says so.
const PATTERNS: &[(Kind, When, &str)] = &[
    // --- An engine's own broken invariant, before all that its text may quote.
    (
        Kind::Internal,
        Always,
        r"\bpanicked\b|\bpanic:|entered unreachable|likely caused by a bug|this is a bug\b|(?:file|report) (?:a|an|this) (?:bug|issue)",
    ),
    (
        Kind::Internal,
        Always,
        r"\binternal error: |\binternal\(|assertion(?: `[^`]*`)? failed|internal consistency|invariant (?:violated|broken)",
    ),
    (
        Kind::Internal,
        Always,
        r"'?nonetype'? object|nullpointerexception|null pointer|nil pointer dereference|segmentation fault|sigsegv|stack overflow|has no attribute|index out of (?:bounds|range)|indexoutofbounds|out of range for slice|in a record batch must have|must have the same length|called `\w+::unwrap|already (?:mutably )?borrowed",
    ),
    (
        Kind::Internal,
        Always,
        r"offset of \d+ exceeds|exceeds length of values|pycapsule|<contextvar|cache lookup failed for|unrecognized node type|list index out|dictionary changed size|unhashable|local variable .* referenced before|name '\w+' is not defined|object is not (?:callable|iterable|subscriptable)",
    ),
    // --- A failed check, before the words of the rule it quotes.
    (
        Kind::Data,
        Always,
        r"does not meet the (?:constraint|requirement)|expect_(?:column|table|multicolumn|compound)|unexpected_(?:count|percent)|\bexpectations?\b[^.]{0,40}(?:fail|violat|not met|unmet|unsuccessful)|(?:failed|unmet|violated|not meet)[ _](?:the )?expectation|failure in test",
    ),
    (
        Kind::Data,
        Always,
        r"data ?quality|quality (?:check|rule|gate)|checks? (?:failed|did not pass)|\d+ (?:checks?|tests?|audits?|assertions?)\b[^.]{0,20}\bfail|errors detected|audits? [^.]{0,60}fail|failing audit|validation (?:suite|checkpoint) failed",
    ),
    (
        Kind::Data,
        Always,
        r"rows? failed rule|got \d+ results?, configured to (?:fail|warn)|in the accepted values|accepted.values|\bhas \d+ (?:\S+ )?(?:rows|values|nulls?|duplicates?|non.unique|negative|positive)\b|freshness|staleness|row count [^.]{0,60}(?:expected|below|above|outside|less|more|between)|anomal(?:y|ies|ous)",
    ),
    (
        Kind::Data,
        Always,
        r"failed (?:element.wise|series or dataframe) validator|failed check <?(?:check|series|column)|non-nullable series|(?:column|value)s? '?\S*'? (?:is|are) (?:null|empty|not unique|not in (?:the )?(?:allowed|range|list))|not in the allowed list|(?:out of|outside) (?:the )?allowed|must not be (?:null|empty|blank|negative)|should (?:not be null|be unique|be (?:greater|less|between))",
    ),
    (
        Kind::Data,
        Always,
        r"(?:completeness|uniqueness|compliance|consistency|accuracy|distinctness|histogram|pattern(?:match)?|size|mean|minimum|maximum)(?:constraint)?\([^)]*\)|(?:missing|invalid|duplicate)_(?:count|percent)\b|null (?:rate|ratio|percentage|fraction)|(?:above|below|exceeds?|outside) (?:the )?(?:\w+ )?threshold",
    ),
    // --- A policy is no constraint, a column that a constraint names no violation of it.
    (Kind::Permission, Always, r"row.level security"),
    (Kind::Schema, Always, r"column \S+ (?:referenced|specified) in [^.]* does not exist"),
    // --- Conflicts, before the timeouts and keys some of them mention.
    (
        Kind::Conflict,
        Always,
        r"deadlock|could not serialize|\bserialization (?:failure|conflict)|lock wait timeout|could not obtain lock|database (?:table )?is locked|write.?conflict|(?:commit|version|transaction|update|concurrency) ?conflict|conflict(?:ing|ed)? (?:commit|transaction|operation|update|request)",
    ),
    (
        Kind::Conflict,
        Always,
        r"concurrent (?:modif|append|delete|write|update|transaction|operation|insert)|concurrent(?:append|delete|transaction|modification|write)\w*exception|commitfailed|commit failed|failed to commit transaction|commit_attempts|precondition ?failed|changed since|another (?:operation|process|session|transaction)|restart(?:ing)? transaction|retry (?:the |your )?transaction|rebalance in progress|conditional ?(?:check|request)",
    ),
    // --- Times that are named, before the connections they were on.
    (Kind::Timeout, Always, r"timeout expired|(?:request|read|query|statement|message) timed out|statement timeout"),
    // --- Throttling, before quota (`exceeded`), HTTP words and permission.
    (
        Kind::Throttled,
        Always,
        r"rate.?limit|throttl|too many (?:api )?(?:requests|calls)|slow ?down\b|reduce your request rate|request.?limit.?exceeded|request rate|requests per (?:second|minute|hour|day)|retry.after|server ?busy|provisioned ?throughput|exceeded rate|calls? (?:per|limit)|api limit|backing off|quota[^.]{0,90} per (?:second|minute|hour|day|user|100)|quota metric|rate exceeded|rejected execution|too busy|status(?: code)?:? ?429",
    ),
    // --- Space and slots, before connections and limits of other sorts.
    (
        Kind::Quota,
        Always,
        r"out ?of ?memory|outofmemory|\boom\b|oomkilled|gc overhead|heap space|insufficient (?:memory|disk|storage|resources|space|shared memory)|(?:cannot|can't|failed to|unable to|could not) (?:allocate|reserve)\b|memory (?:limit|allocation|exhausted|exceeded|budget)|memoryerror|bad_alloc|exceeding memory|not enough (?:memory|space|disk|replicas available)|memory is full",
    ),
    (
        Kind::Quota,
        Always,
        r"no space left|disk (?:is )?full|disk quota|(?:disk|storage|file ?system|tablespace|volume|database|partition) (?:is |has )?(?:full|exhausted|limit|quota|reached)|out of (?:disk|space|storage|shared memory|file descriptors|connections)|could not extend|could not write block|low on space|no free space",
    ),
    (
        Kind::Quota,
        Always,
        r"connection slots|too many (?:connections|clients|open files|open connections|processes|sessions|columns|partitions|concurrent|statements|jobs|queries|tables)|connection (?:limit|pool (?:is )?exhausted|pool limit)|max(?:imum)?_?(?: number of)? ?(?:user_)?(?:connections|clients|sessions)|pool (?:is )?(?:exhausted|timed out while waiting)|queuepool limit|max_prepared|prepared_stmt_count",
    ),
    (
        Kind::Quota,
        Always,
        r"quota|resources? (?:exhausted|limit|exceeded)|resource_exhausted|(?:temporary ?file|temp_file|file|storage|size|memory|usage|credit|capacity|account|plan|warehouse|statement|queue)[ _]?(?:size)?[ _]?(?:exceeds?|limit|is full|full)\b|limit ?exceeded|exceeds ?(?:the )?(?:maximum|limit|max|allowed|temp)|response too large|payload too large|request entity too large|message (?:size )?too large|too large to (?:return|process)|critical system resource|billing|capacity exceeded|over capacity|budget exceeded|purged in queue|\bis full\b|circuit.?break|max(?:imum)? concurrent|watermark|bigger than \S*max",
    ),
    // --- What is there already.
    (
        Kind::DuplicateKey,
        Always,
        r"duplicate (?:key|entry|json|row|document|record|id|value|primary|index|rowkey)|duplicatekey|e11000|unique (?:constraint|index|key|violation)|uniqueviolation|uniqueness violation|violat\w+ (?:of )?(?:the )?(?:unique|primary)|violation of (?:unique|primary)|primary key (?:constraint|violation|must be unique)|ora-00001|key already|not unique\b",
    ),
    (
        Kind::DuplicateKey,
        Always,
        r"already ?(?:exists?|owned|taken|in use|present|registered|been created)|alreadyexists|\beexist\b|file exists|name is taken",
    ),
    // --- Declared constraints, before types (`out of range`, `null`).
    (
        Kind::Constraint,
        Always,
        r"foreign key|foreign_key|referential|is still referenced|not.null|null value in|cannot be null|cannot insert (?:the value )?null|cannot insert a non-default|document failed validation|doesn't have a default value|non-null(?:able)?\b.*\bnull|null(?:s)? (?:in|into|for|not allowed in) (?:a )?(?:non-?null|required|column)|required field[^.]{0,30}null",
    ),
    (
        Kind::Constraint,
        Always,
        r"check constraint|exclusion constraint|constraint (?:\S+ )?(?:violat|fail)|conflicted with the \w+(?: \w+)? constraint|violates|integrity ?constraint|integrityerror|constraintviolation|violated by (?:value|row)|check or invariant|invariant .* violated|failed validation check|assertion violat",
    ),
    (
        Kind::Constraint,
        Always,
        r"value too long|data too long|too long for (?:type|column)|string or binary data would be truncated|right truncation|truncated|exceeds (?:the )?(?:declared|column|field) (?:length|size|width|precision)|length (?:exceeds|of \S+ exceeds)|too large to store|numeric field overflow|out of range (?:value )?for column|is out of range for column|(?:small|big|tiny|medium)?int(?:eger)? (?:is )?out of range|out of range value|larger than (?:specified )?precision|precision (?:of )?\d+|maximum length|value larger than|max(?:imum)? is \d",
    ),
    (
        Kind::Config,
        Always,
        r"invalid (?:session timeout|replication factor|required acks)|no module named|(?:string|url|dsn|path|setting) is (?:empty|missing|blank|not set)|extension \S+ is not available|no filesystem for|no data source",
    ),
    // --- Who we are, before permissions, missing things and timeouts these look like.
    (
        Kind::Auth,
        Always,
        r"access denied for user|password authentication failed|authentication (?:failed|failure|error|required|exception|unsuccessful|method .* (?:failed|rejected))|authenticationfailed|failed authentication|auth(?:entication|orization)? (?:token|header|credentials?)|sasl auth|\bauth failed",
    ),
    (
        Kind::Auth,
        Always,
        r"wrong password|basic: access denied|no password supplied|(?:incorrect|invalid|bad|unknown|wrong|missing) (?:user ?name|user\b|password|login|credential|api.?key|access.?key|access.?token|auth|token|bearer|client.?(?:secret|id|token)|jwt|session|refresh.?token|secret|signature|certificate)|(?:user ?name|password|credentials?|api.?key|access.?key|token) (?:or \w+ )?(?:is|was|are|were|you provided)? ?(?:incorrect|invalid|wrong|rejected|not (?:valid|recognized|accepted)|revoked|expired|malformed)",
    ),
    (
        Kind::Auth,
        Always,
        r"login failed|logon (?:failed|denied)|log ?in (?:denied|rejected)|sign.?in failed|not permitted to log in|no pg_hba\.conf|scram exchange|kerberos|gssapi|ldap|mfa|multi.?factor|ora-01017|handshake.*(?:auth|credential)|account (?:is )?(?:locked|disabled|suspended)|user (?:is )?(?:locked|disabled|not registered)",
    ),
    (
        Kind::Auth,
        Always,
        r"fatal: *role \S+ does not exist|tenant or user not found|tenant/user .*not found|no such user|user \S+ does not exist",
    ),
    (
        Kind::Auth,
        During(Phase::Connect),
        r"role \S+ does not exist|user \S+ not found|permission denied|peer authentication",
    ),
    (
        Kind::Auth,
        Always,
        r"(?:token|session|credentials?|signature|api.?key|secret|grant|password|assertion)\b[^.:]{0,60}\b(?:expired|revoked|rejected|deactivated|no longer valid|not valid|has been (?:deleted|disabled)|invalid)|expired ?(?:token|credential|api|session)|invalid_grant|invalid_client|invalid ?signature|signature ?(?:does ?not ?match|mismatch)|re-?authent|reauthorize",
    ),
    (
        Kind::Auth,
        Always,
        r"unauthenticated|\bunauthori[sz]ed(?:\W|$)(?: (?:\W|client|access token|user credentials|.{0,40}(?:log|token|credential|authenticat)))?|not authenticated|not logged in|invalid_login|invalid_session|invalidclienttokenid|unrecognizedclient|invalidaccesskeyid|authfailure|could not (?:authenticate|login|log in|verify (?:the )?credential)|failed to (?:authenticate|login|log in|refresh|obtain .*token|get .*token|verify (?:the )?(?:token|signature))",
    ),
    (
        Kind::Auth,
        Always,
        r"unable to locate credentials|no (?:valid )?credentials|nocredentials|could not (?:load|find|determine|automatically determine) (?:\w+ )?credentials|credentials? (?:were|was|are|is|could) not|anonymous caller|requires authentication|must (?:be )?(?:authenticate|logged in|log in|sign in)",
    ),
    // --- What is not allowed to us.
    (
        Kind::Permission,
        Always,
        r"permission(?:s)? (?:\S+ )?(?:denied|required|missing|error)|permission_denied|permissiondenied|permissionerror|insufficient.?(?:privilege|permission|scope|authenti|access)|lacks? (?:the )?(?:\S+ )?(?:permission|privilege|right)|(?:does|do) not have (?:\S+ ){0,6}(?:permission|privilege|access|right|role|grant|ownership)|don't have (?:\S+ ){0,4}(?:permission|access)|necessary permission|missing (?:\S+ )?(?:permission|privilege|scope)",
    ),
    (
        Kind::Permission,
        Always,
        r"access ?(?:is |was )?denied|accessdenied|access to .* (?:denied|forbidden)|not (?:authori[sz]ed|allowed|permitted) to|not authori[sz]ed|unauthorized ?(?:operation|access|to)|forbidden|must be (?:owner|superuser|a superuser|member)|row.level security|access control error|command denied|authorization failed|authorizationfailure|operation not permitted|\beacces\b|\beperm\b|read.only (?:file system|transaction|database|replica)|allow_?list|not whitelisted|explicit deny|(?:write|read|create|delete|select|insert) access|privileges? (?:on|to|for|required)|requires? (?:the )?\S+ (?:permission|privilege|role)|ora-01031|is not authorized",
    ),
    // --- Connections that broke or never were, before timeouts: `connection timed out` is a network's word.
    (
        Kind::Connection,
        Always,
        r"(?:connection|connect|connecting|socket|ssl syscall error)[^.;]{0,20}: ?(?:connection |operation )?timed out|connection timed out|connect(?:ion)? (?:to \S+ )?(?:was )?(?:refused|reset|aborted|closed|lost|dropped|terminated|broken|interrupted|failure|failed|error|not open|not established|does not exist)|could not (?:connect|establish|reach|receive data|send data)|(?:failed|unable|cannot|can't) to (?:connect|establish|reach|open (?:a )?connection)|can(?:no|')t connect|connection to \S+ .*(?:failed|refused|lost)|connectionerror|connectionreset|connection(?:refused|aborted)|econn\w+|epipe|broken ?pipe",
    ),
    (
        Kind::Connection,
        Always,
        r"(?:server|peer|host|remote|backend|client|broker|upstream|proxy|tcp)[^.]{0,30}(?:closed|disconnected|terminated|hung up|reset|unreachable|went away|gone away|has gone|is down|not (?:available|reachable|responding))|closed (?:the connection )?unexpectedly|disconnected|transport (?:failure|error|endpoint)|brokers? (?:are |is )?down|leader not available|not (?:the )?(?:leader|controller|coordinator)|coordinator (?:is )?(?:not available|loading)|network (?:is |was )?(?:unreachable|error|down|exception|failure|changed|problem)|networkerror|no route to host|host (?:is )?(?:down|unreachable|resolution)|unreachable|communications? (?:link )?(?:failure|error)",
    ),
    (
        Kind::Connection,
        Always,
        r"getaddrinfo|name resolution|resolve (?:host|hostname|address|name)|could not (?:translate|resolve)|unknown ?host|no such host|name or service not known|nodename nor servname|host not found|dns (?:error|lookup|resolution|failure)|\benotfound|eai_again|temporary failure in name|no address associated|couldn't resolve|failed to lookup address",
    ),
    (
        Kind::Connection,
        Always,
        r"(?:ssl|tls)[^.]{0,40}(?:closed|eof|reset|syscall|handshake|unexpected|error|wrong version|bad record|shutdown|alert)|remote end closed|remotedisconnected|remote ?protocol ?error|incomplete ?(?:read|message|body)|premature(?:ly)? (?:end of (?:file|stream|body)|close)|chunked ?encoding|response ended prematurely|body (?:closed|aborted)|unexpected eof (?:on|while reading|from)|eof occurred|error sending request|error reading (?:response|from|a body)|error decoding response body|request failed with no response|stream (?:was )?(?:reset|closed|error)|goaway|socket (?:hang ?up|error|closed|is closed|exception)",
    ),
    (
        Kind::Connection,
        Always,
        r"bad gateway|service (?:is )?(?:temporarily |currently )?unavailable|temporarily unavailable|internal ?server ?error|server error|http(?: status)?(?: code)?:? ?50[0-3]|status(?: code)?:? ?50[0-3]|backend ?error|starting up|shutting down|in recovery mode|administrator command|crash of another server|try again later|please (?:try again|retry)|transient|failover|max(?:imum)? retries exceeded|maintenance|not enough in-sync|i/o error while|remote node|node .* (?:is )?(?:unavailable|not available)",
    ),
    // --- Time.
    (
        Kind::Timeout,
        Always,
        r"time.?out|timed.?out|deadline|took too long|canceling statement due to|query (?:was )?cancell?ed|cancell?ed (?:on|due to)|(?:execution|query|statement|wait|running|request) time (?:limit )?(?:exceeded|limit)|max_execution_time|maximum (?:statement )?execution time|exceeded (?:the )?(?:time|deadline|wait)|etimedout|no (?:response|data) (?:received )?(?:within|after|for|in) \d|did not (?:respond|complete|finish) (?:within|in)|after \d+ ?(?:ms|s|seconds|milliseconds)\b|lock_timeout",
    ),
    (
        Kind::Schema,
        Always,
        r"(?:cannot|could not|failed to|unable to|can't) merge|not in (?:the )?dataframe|columns ?\(\d+\) must match|cannot be changed from|(?:missing|lacks) (?:required )?(?:columns?|fields?)\b|columns (?:\w+ ){0,3}do(?:es)? not match|has no (?:column|field)|expected axis has",
    ),
    // --- Columns, before missing things and types that columns are quoted with.
    (
        Kind::Schema,
        Always,
        r"schema[^.]{0,40}(?:mismatch|does ?n[o']t match|not match|incompatib|changed?\b|change detected|evolution|drift|differ|conflict)|(?:mismatch|incompatib|different|inconsistent|unexpected|changed)\w* (?:\w+ )?schemas?|does not match (?:the )?(?:\w+ )?schema|missing from (?:the )?schema|(?:not|n't) (?:found |present |exist |part )?(?:in|of|match) (?:the |its |table |target |source )*schema|schema error|unknownfield|no such field",
    ),
    (
        Kind::Schema,
        Always,
        r"(?:column|field|attribute)s? (?:\S+ ){0,6}?(?:does not exist|do not exist|doesn't exist|not found|not exist|is missing|are missing|is unknown|was (?:removed|renamed|dropped|added|not found)|were (?:removed|renamed|dropped|added|not found)|not in (?:the )?(?:schema|table|index|list|header|file|input|dataframe)|cannot be resolved|could not be resolved|is ambiguous|missing in)|(?:unknown|missing|unexpected|extra|unrecognized|undefined|additional|new|no such|unmatched|superfluous|renamed|duplicate) (?:column|field|attribute|header)|invalid (?:column|field|attribute)|(?:column|field)notfound",
    ),
    (
        Kind::Schema,
        Always,
        r"column \S+ (?:referenced|specified)|no field named|type changed|has changed type|changed (?:its )?type|changed from \S+ to|unrecognized name|cannot resolve|cannot be resolved|unresolved.?column|given input columns|found \d+ (?:columns|fields)|(?:extra|missing|new|added|removed|dropped|renamed) columns?|number of (?:columns|fields) (?:mismatch|does not|do not|in|is|changed|differs)|column (?:count|number|names?|order|types?)[^.]{0,20}(?:mismatch|match|differ|changed)|(?:more|fewer|less) (?:expressions|columns|target columns) than|usecols|not in (?:index|columns)|none of \[|header[^.]{0,30}(?:mismatch|match|changed|differ|expected|missing)|column .* (?:already )?(?:of|in) (?:relation|table) .* does not exist|keyerror|nullability|partition column",
    ),
    // --- Settings, where they are named; before types, formats and missing things.
    (
        Kind::Config,
        Always,
        r"env(?:ironment)? ?var(?:iable)?s?\b|configuration error|config(?:uration)? (?:error|invalid|problem|issue|file|option|key|value|setting)|(?:invalid|bad|wrong|missing|incorrect|incomplete|unsupported|unknown|unrecogni[sz]ed) (?:\w+ ){0,2}(?:config|configuration|setting|option|parameter|property|argument or|flag|connection string|connection ?info|dsn|endpoint|region|profile|protocol schema|replication|storage class|driver|dialect)|improperly configured|misconfigur|generic config",
    ),
    (
        Kind::Config,
        Always,
        r"must be (?:provided|specified|set|configured|supplied|given|defined|built with|build with|one of)|(?:is|are) (?:required|mandatory)(?: |\.|,|$|:)|required (?:but|parameter|option|property|field|argument|key|setting|config)|not (?:been )?(?:provided|specified|configured|set|supplied|supported by|defined in)|(?:no|missing) (?:\w+ ){0,2}(?:specified|provided|configured|given|supplied)|missing (?:required )?(?:\w+ )?(?:option|key|argument|parameter|setting|value for)|is missing in|could not find (?:profile|a profile|driver|config)|unable to (?:parse|load|find|read) (?:the )?(?:config|profile|settings|connection string)|requires? (?:a|an|the|that|you|either|at least|setting|passing)\b",
    ),
    (
        Kind::Config,
        Always,
        r"not a valid (?:\w+ )?(?:algorithm|option|choice|setting|url|uri|host|port|region|bucket name|endpoint|identifier|cron)|invalid (?:url|uri|host ?name|port|scheme|bucket name|cron|replication factor|partitions?|checksum|log ?level|time ?zone|session timeout|required acks|commit offset|mode)|unsupported (?:url|scheme|protocol|feature|version|sasl|compression|storage)|missing \w+ name|no suitable driver|driver not found|no module named|unknown (?:scheme|driver|connector|adapter|feature|setting|command)|feature .* (?:not enabled|disabled)|not enabled|is not installed|unable to parse url|relative url|bad request|method not allowed|syntax error at|lock ?client|duplicate (?:source|model|resource) name|two (?:models|resources)|unrecognized (?:arguments|option|config)|certificate.?verify|self.signed|unable to get local issuer",
    ),
    // --- Values that say what they should have been, before bytes.
    (
        Kind::Type,
        Always,
        r"pars(?:e|ing) (?:\w+ ){0,2}(?:timestamp|date|datetime|time|number|int\w*|float|double|decimal|bool\w*)\b|time data .* format|strconv\.parse(?:int|uint|float|bool)|type mismatch|pars\w+ value .{0,60} as (?:type|')|(?:decoding|reading) field .{0,60}expected|(?:to )?(?:be of|have|has|with) type .{0,60}(?:got|found|expected)|divi(?:de|sion) by zero",
    ),
    // --- Bytes that do not parse, before values that do not convert.
    (
        Kind::Parse,
        Always,
        r"tokeni[sz]ing|corrupt|magic (?:bytes|number|header)|malformed|not (?:a )?valid (?:json|xml|csv|parquet|utf|avro|gzip|zip|yaml|orc)|invalid (?:json|xml|csv|parquet|avro|orc|utf|yaml|gzip|zip|escape|byte|unicode|character|crc|encoding|message|record|line|quote|delimiter|format|header|magic|compressed|block|file format|control char)|jsonparse|jsondecode|json ?(?:parse|syntax|decode|decoding) ?error|expecting value|expecting property name|extra data|unrecogni[sz]ed token|unexpected (?:token|character|char\b|end of (?:json|input|data|string|document|record|block)|byte|non-whitespace)|could not parse (?:metadata|footer|schema)|too many errors|read underflow|key serialization|value serialization|bad (?:message format|magic|record|line|escape|csv|character)",
    ),
    (
        Kind::Parse,
        Always,
        r"incorrect number of fields|wrong number of (?:fields|columns|values|arguments in)|expected \d+ (?:fields|columns|values)|(?:too (?:many|few)|not enough|extra|missing) (?:fields|columns|values|bytes|data)\b|(?:extra data after|missing data for) (?:last )?(?:expected )?column|unterminated|unclosed|unbalanced|mismatched tag|end.of.?file within|eof inside|eof (?:while parsing|in)|eof: |bare (?:quote|\x22)|non-quoted|cannot start any token|mapping values are|quote(?:d|s)? (?:field|char|in)|stray|delimiter|newline in|line contains nul|embedded null|null byte",
    ),
    (
        Kind::Parse,
        Always,
        r"codec can't (?:decode|encode)|unicode(?:decode|encode)error|invalid byte sequence|invalid continuation|invalid start byte|(?:non.?|valid )utf|utf-?(?:8|16) (?:error|sequence|encod)|(?:de)?serializ\w* (?:error|fail|exception)|(?:error|fail\w*|exception|unable) (?:to |while |in |during )?(?:deserializ|decod|decompress|inflat|pars(?:ing|e) (?:the )?(?:json|xml|csv|file|record|line|document|footer|header|message|response|body|row|input|data\b))|decompress|gzip|zlib|snappy|zstd|inflate|incorrect (?:header|data) check|checksum|crc mismatch|too small|truncated file|thrift|avro|parquet file|footer|not a (?:parquet|gzip|zip|csv|json|orc|avro)|parse ?error|parseerror|parserror|parserexception|could not parse (?:the )?(?:file|json|xml|csv|line|record|document|input|response|message)|trailing (?:characters|comma|data|garbage)|key must be a string",
    ),
    (
        Kind::Parse,
        Always,
        r"csv error|type json\b|json (?:error|text|input)|xml|error (?:on|at|in) line \d|bad json|bad data format|unable to (?:decode|parse (?:the )?(?:file|line|record|row))",
    ),
    // --- Values that do not convert.
    (
        Kind::Type,
        Always,
        r"cast (?:error|from|to|exception)|cast(?:ing)? .{0,60}(?:fail|not supported|unsupported|invalid)|(?:cannot|can't|can not|could not|unable to|failed to|couldn't|impossible to) (?:\w+ )?(?:cast|convert|coerce|interpret|safely cast|parse|transform|infer)|invalid (?:input syntax|literal for|cast|conversion|number|numeric|integer|float|decimal|date|time|timestamp|boolean|uuid|value for type|type|datetime|interval|double)|conversion (?:failed|error|to|from|of|overflow)|convert(?:ing|ed)? .{0,80}(?:fail|to|into)|implicit conversion|classcast|numberformat|dateparse|datetimeparse",
    ),
    (
        Kind::Type,
        Always,
        r"(?:data ?type|type|dtype)s? ?(?:mismatch|error|conflict|incompatib\w*|does not match|do not match|differ)|typeerror|mismatched types?|incompatible (?:data ?)?types?|incompatible with|wrong type|unexpected type|unsupported (?:data ?type|type|operand|conversion|cast)|is of type .* but|but (?:received|got|found|expression is of type|is of type)|requires \w+, but|expected (?:a |an )?(?:\w+ ){0,4}(?:type|dtype|string|int\w*|float|bytes|number|bool\w*|decimal|date|timestamp)\b|operator does not exist|no function matches|argument types?|not (?:a )?valid (?:\w+ )?(?:integer|number|float|decimal|date|time|timestamp|boolean|uuid|double|value)|is not (?:a )?(?:number|numeric|integer|date|valid|recognized|boolean)|not recogni[sz]ed|decimal array|overflow",
    ),
    (
        Kind::Type,
        Always,
        r"incorrect (?:\w+ )?(?:integer|datetime|date|decimal|double|time|string|timestamp|value|float)(?: value)?|bad (?:int\w*|double|bool|float|timestamp|date|numeric) value|(?:is|value|field value) out of range|out of range for type|out of range\b|as a scalar of type|of type \w+ to|to type\b|parse (?:string|value|date|timestamp|number|int)|parsing .{0,20}(?:as|to) |month must be|day is out|hour must be|cannot be (?:cast|converted|coerced|parsed|represented)|can only concatenate|not supported between|array element type|with type \w+",
    ),
    // --- What we name is not there, after all that says so of something particular.
    (
        Kind::NotFound,
        Always,
        r"does(?: not|n't) exist|do(?: not|n't) exist|not ?found|no such|nosuch\w+|unknown (?:database|table|topic|catalog|schema|function|relation|object|view|dataset|partition|index|collection|bucket|member|group|key|container|procedure)|could ?n[o']t (?:find|be found|locate)|cannot find|can't find|unable to (?:find|locate)|no (?:files?|objects?|log files|matches?|matching|table|data|database|bucket|records?) (?:found|match\w*|named|in|at|exist\w*)|undefined (?:table|object|function)|undefinedtable|has been (?:deleted|removed|dropped)|was (?:deleted|removed|dropped)|no longer exists|offset out of range|invalid table version|version \d+ (?:does not|was not)|\benoent\b|not a delta table|invalid object name|is not (?:a )?(?:known|table)|missing (?:file|table|object)|404",
    ),
    // --- The rest, from the general words.
    (
        Kind::Protocol,
        Always,
        r"protocol (?:error|violation|mismatch|version|not supported)|protocolerror|unsupported (?:frontend|media|version of)|unexpected (?:message|packet|response|status|content)|bad (?:response|packet|handshake)|out of sync|lost synchronization|invalid (?:response|packet|http)|malformed (?:response|packet)|content.?type|http/2|not acceptable|incompatible (?:client|server|version)",
    ),
    (Kind::Permission, Always, r"\bdenied\b|unauthori[sz]ed|not allowed|\b403\b"),
    (Kind::Auth, Always, r"credential|authenticat|\b401\b|\blogin\b|password"),
    (
        Kind::Config,
        Always,
        r"configur|setting|invalid argument|invalid value|invalid option|not supported|unsupported|not implemented|not a valid|environment|profile|provided\b",
    ),
    (Kind::Connection, During(Phase::Read), r"\beof\b|unexpected end|end of (?:file|stream)"),
    (Kind::Connection, During(Phase::Connect), r"\beof\b|unexpected end|end of (?:file|stream)|connect"),
    (Kind::Parse, Outside(Phase::Read), r"\beof\b|unexpected end|end of (?:file|stream)|decod|\bpars(?:e|ing|er)\b"),
    (Kind::Parse, Always, r"decod|\bpars(?:e|ing|er)\b|syntax"),
    (Kind::Connection, Always, r"connection|network|socket|\bhost\b"),
    (Kind::Internal, Always, r"\binternal\b|unexpected(?:ly)?\b|\bbug\b|runtimeerror|illegalstate|unreachable"),
];

static SET: LazyLock<Option<RegexSet>> = LazyLock::new(|| {
    let patterns = PATTERNS.iter().map(|(_, _, pattern)| *pattern);
    RegexSetBuilder::new(patterns).case_insensitive(true).size_limit(1 << 26).build().ok()
});

/// The kind the text tells; `None` when it tells none.
pub(super) fn kind(message: &str, phase: Phase) -> Option<Kind> {
    let found = SET.as_ref()?.matches(message);
    found.iter().filter_map(|i| PATTERNS.get(i)).find_map(|(kind, when, _)| {
        let counts = match when {
            Always => true,
            During(p) => phase == *p,
            Outside(p) => phase != *p,
        };
        counts.then_some(*kind)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_is_a_regular_expression() {
        for (_, _, pattern) in PATTERNS {
            assert!(regex::Regex::new(pattern).is_ok(), "{pattern}");
        }
        assert!(SET.is_some());
    }
}
