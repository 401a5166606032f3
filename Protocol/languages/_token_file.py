"""Emits how a client reads its token from a file when the client is made, in each language.

The file is named by the option token_file, or else by ASSAY_TOKEN_FILE. It holds one line of
visible ASCII characters, and white space around the line is dropped. No error shows what the file
holds. An error names the source of the path and not the path, for which a token may have been
given by mistake. Reading stops at READ bytes, so that no file takes memory.
"""

VARIABLE = "ASSAY_TOKEN_FILE"
OPTION = "the option token_file"
READ = 1024


def size_max(protocol):
    """Most bytes of a token."""
    return next(row["max"] for row in protocol["client"]["options"] if row["name"] == "token")


def values(protocol):
    """What the texts below are filled with."""
    most = size_max(protocol)
    return {"most": most, "read": READ, "variable": VARIABLE, "option": OPTION,
            "allowed": "one line of 1 to %d visible ASCII characters, the token" % most}


def python(protocol):
    """A method of Options."""
    return '''
    def with_token(self) -> Options:
        """Returns the options with the token of the token file, where no token is given."""
        path, source = self.token_file, "%(option)s"
        if path is None:
            path, source = os.environ.get("%(variable)s"), "%(variable)s"
        if self.token is not None or not path:
            return self
        token, found = b"", ""
        try:
            with open(path, "rb") as file:
                token = file.read(%(read)d).strip()
        except (OSError, ValueError) as error:  # ValueError: a path with a NUL
            found = f"no file to read ({getattr(error, 'strerror', None) or 'not a path'})"
        if not found and not token:
            found = "an empty file"
        elif len(token) > %(most)d:
            found = "more than %(most)d bytes"
        elif not all(32 < byte < 127 for byte in token):
            found = "a byte that is no visible ASCII character"
        if found:
            doing = f"reading the token file that {source} names"
            allowed = "%(allowed)s"
            raise invalid(doing, found, allowed, "token_file")
        return replace(self, token=token.decode())
''' % values(protocol)


def go(protocol):
    """Methods of Options."""
    return '''// readToken reads the token of the token file, where no token is given.
func (o *Options) readToken() *breach {
	path, source := o.TokenFile, "%(option)s"
	if path == "" {
		path, source = os.Getenv("%(variable)s"), "%(variable)s"
	}
	token, found := o.Token, ""
	if token == "" && path != "" {
		token, found = tokenIn(path)
	}
	if found != "" {
		return &breach{"token_file", "found " + found + " behind " + source +
			", allowed: %(allowed)s"}
	}
	o.Token, o.secret = "", func() string { return token }
	return nil
}

// token returns the token of a Client, "" for none.
func (o *Options) token() string {
	if o.secret == nil {
		return ""
	}
	return o.secret()
}

// tokenIn returns the token of a file, or the reason why the file has none.
func tokenIn(path string) (token, found string) {
	file, err := os.Open(path)
	var bytes []byte
	if err == nil {
		defer file.Close()
		bytes, err = io.ReadAll(io.LimitReader(file, %(read)d))
	}
	token = strings.Trim(string(bytes), " \\t\\n\\v\\f\\r")
	isHidden := func(each rune) bool { return each <= ' ' || each > '~' }
	switch {
	case err != nil:
		cause := errors.Unwrap(err) // without the path
		return "", fmt.Sprintf("no file to read (%%v)", cause)
	case token == "":
		return "", "an empty file"
	case len(token) > %(most)d:
		return "", "more than %(most)d bytes"
	case strings.IndexFunc(token, isHidden) >= 0:
		return "", "a byte that is no visible ASCII character"
	}
	return token, ""
}

// Format prints the options without the token, for every verb.
func (o Options) Format(state fmt.State, _ rune) {
	type plain Options
	if o.Token != "" {
		o.Token = "(hidden)"
	}
	fmt.Fprintf(state, "%%+v", plain(o))
}
''' % values(protocol)


def c(protocol):
    """Lines of assay_protocol.h, for the implementation."""
    return '''static bool assay_is_space(char byte) {
    return byte == ' ' || (byte >= '\\t' && byte <= '\\r');
}

/* Why the `size` bytes of a token file are no token, or NULL. */
static const char *assay_token_fault(const char *token, size_t size) {
    if (size == 0) {
        return "an empty file";
    }
    if (size > %(most)d) {
        return "more than %(most)d bytes";
    }
    for (size_t i = 0; i < size; i++) {
        if (token[i] <= ' ' || token[i] > '~') {
            return "a byte that is no visible ASCII character";
        }
    }
    return NULL;
}

/* Reads the token of the token file into `token`, where no token is given. False with an error. */
static bool assay_read_token(assay_options *options, char *token, assay_error *error) {
    const char *path = options->token_file, *source = "%(option)s";
    if (path == NULL) {
        path = getenv("%(variable)s");
        source = "%(variable)s";
    }
    if (options->token != NULL || path == NULL || path[0] == 0) {
        return true;
    }
    char read[%(read)d];
    char reason[64] = "";
    const char *fault = NULL, *start = read;
    size_t size = 0;
    FILE *file = fopen(path, "re");
    if (file != NULL) {
        size = fread(read, 1, sizeof read, file);
    }
    if (file == NULL || ferror(file)) {
        (void)strerror_r(errno, reason, sizeof reason);
        fault = "no file to read";
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    for (; size > 0 && assay_is_space(start[size - 1]); size--) {
    }
    for (; size > 0 && assay_is_space(*start); size--) {
        start++;
    }
    fault = fault == NULL ? assay_token_fault(start, size) : fault;
    if (fault != NULL) {
        const bool has_reason = reason[0] != 0;
        error->code = ASSAY_REQUEST_INVALID;
        error->status = ASSAY_STATUS_INVALID_ARGUMENT;
        (void)snprintf(
            error->message, sizeof error->message,
            "reading the token file that %%s names: found %%s%%s%%s%%s, allowed: "
            "%(allowed)s",
            source, fault, has_reason ? " (" : "", reason, has_reason ? ")" : "");
        (void)snprintf(error->field, sizeof error->field, "token_file");
        return false;
    }
    memcpy(token, start, size);
    token[size] = 0;
    options->token = token;
    return true;
}

''' % values(protocol)


def rust(protocol):
    """Methods of Options."""
    return '''    /// Reads the token of the token file, where no token is given.
    fn read_token(&mut self) -> Result<()> {
        let named = |path: &String| (path.into(), "%(option)s");
        let variable = || Some((std::env::var_os("%(variable)s")?, "%(variable)s"));
        let given: Option<(std::ffi::OsString, _)> = self.token_file.as_ref().map(named);
        let (path, source) = match given.or_else(variable) {
            Some((path, source)) if self.token.is_none() && !path.is_empty() => (path, source),
            _ => return Ok(()),
        };
        let mut bytes = Vec::new();
        let file = std::fs::File::open(path);
        let read = file.and_then(|file| file.take(%(read)d).read_to_end(&mut bytes));
        let is_space = |byte: &u8| byte.is_ascii_whitespace() || *byte == 0x0b;
        let start = bytes.iter().position(|byte| !is_space(byte)).unwrap_or(bytes.len());
        let end = bytes.iter().rposition(|byte| !is_space(byte)).map_or(start, |last| last + 1);
        let token = &bytes[start..end];
        let found = match read {
            Err(error) => format!("no file to read ({error})"),
            Ok(_) if token.is_empty() => "an empty file".to_owned(),
            Ok(_) if token.len() > %(most)d => "more than %(most)d bytes".to_owned(),
            Ok(_) if !token.iter().all(u8::is_ascii_graphic) => {
                "a byte that is no visible ASCII character".to_owned()
            }
            Ok(_) => {
                self.token = Some(String::from_utf8_lossy(token).into_owned());
                return Ok(());
            }
        };
        let doing = format!("reading the token file that {source} names");
        let allowed = "%(allowed)s";
        Err(error!(RequestInvalid, "{doing}: found {found}, allowed: {allowed}").field("token_file"))
    }
''' % values(protocol)


def swift(protocol):
    """A method of Options."""
    return '''
    /// Reads the token of the token file, where no token is given. Throws `request_invalid`.
    mutating func readToken() throws(AssayError) {
        let variable = getenv("%(variable)s").map { String(cString: $0) }
        let source = tokenFile == nil ? "%(variable)s" : "%(option)s"
        guard token == nil, let path = tokenFile ?? variable, !path.isEmpty else { return }
        let (bytes, reason) = Self.start(of: path)
        let isSpace: (UInt8) -> Bool = { $0 == 0x20 || (0x09...0x0D).contains($0) }
        var line = bytes.drop(while: isSpace)
        while let last = line.last, isSpace(last) { line.removeLast() }
        let found: String
        if let reason {
            found = "no file to read (\\(reason))"
        } else if line.isEmpty {
            found = "an empty file"
        } else if line.count > %(most)d {
            found = "more than %(most)d bytes"
        } else if !line.allSatisfy({ (0x21...0x7E).contains($0) }) {
            found = "a byte that is no visible ASCII character"
        } else {
            token = String(decoding: line, as: UTF8.self)
            return
        }
        throw AssayError(
            .requestInvalid,
            "reading the token file that \\(source) names: found \\(found), allowed: "
                + "%(allowed)s",
            field: "token_file")
    }

    /// Returns the first bytes of a file, or the system's reason for none.
    private static func start(of path: String) -> ([UInt8], String?) {
        let reason = { String(cString: strerror(errno)) }
        guard let file = fopen(path, "re") else { return ([], reason()) }
        defer { fclose(file) }
        errno = 0
        var bytes = [UInt8](repeating: 0, count: %(read)d)
        let count = fread(&bytes, 1, bytes.count, file)
        return ferror(file) == 0 ? ([UInt8](bytes[..<count]), nil) : ([], reason())
    }
''' % values(protocol)


def typescript(protocol):
    """Lines of protocol.ts."""
    return '''/**
 * The token of the options, or else of their token file. Fails with the words for a file without.
 */
export function tokenOf({ token, tokenFile }: Options, fail: (words: string) => never) {
  const path = tokenFile ?? process.env["%(variable)s"] ?? "";
  if (token !== undefined || path === "") return token;
  const source = tokenFile === undefined ? "%(variable)s" : "%(option)s";
  let line = "";
  let found = "";
  try {
    line = startOf(path).replace(/^[ \\t-\\r]+|[ \\t-\\r]+$/g, "");
  } catch (error) {
    found = `no file to read (${(error as { code?: string }).code ?? "no path"})`;
  }
  if (found === "") {
    if (line === "") found = "an empty file";
    else if (line.length > %(most)d) found = "more than %(most)d bytes";
    else if (/[^!-~]/.test(line)) found = "a byte that is no visible ASCII character";
    else return line;
  }
  return fail(
    `reading the token file that ${source} names: found ${found}, allowed: ` +
    "%(allowed)s");
}

/** The first bytes of a file, each as a character. */
function startOf(path: string): string {
  const file = openSync(path, "r");
  try {
    const bytes = new Uint8Array(%(read)d);
    return String.fromCharCode(...bytes.subarray(0, readSync(file, bytes)));
  } finally {
    closeSync(file);
  }
}
''' % values(protocol)
