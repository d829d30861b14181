// Package settings sets flags from environment variables and from a file. A flag's
// value is, in this order, that of the command line, of the variable LINTEL_NAME,
// of the file's key, or its default.
package settings

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"
	"github.com/spf13/viper"

	"github.com/lintel-run/lintel/internal/utf8file"
)

// File is the name of the settings file that Apply looks for.
const File = "lintel.yaml"

// IsSetting reports whether a flag can be set outside the command line.
func IsSetting(flag *pflag.Flag) bool { return flag.Name != "help" && flag.Name != "config" }

// Environment returns the name of a flag's environment variable: LINTEL_LOG_LEVEL
// for log-level.
func Environment(flag string) string {
	return "LINTEL_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// Source is where Apply takes settings from.
type Source struct {
	// Path is the settings file. If it is empty, Apply reads File in the first of
	// Dirs that has one.
	Path string
	Dirs []string
	// Known are the settings of all commands. Any other key of the file is an error.
	Known []string
}

// Apply sets each flag that the command line doesn't set, as if it were given
// there. Every error names the variable or the file's key.
func (s Source) Apply(flags *pflag.FlagSet) error {
	file, values, err := s.read()
	if err != nil {
		return err
	}
	v := viper.New()
	if err := v.MergeConfigMap(values); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	var errs []error
	flags.VisitAll(func(flag *pflag.Flag) {
		if !IsSetting(flag) {
			return
		}
		key, env := fold(flag.Name), Environment(flag.Name)
		errs = append(errs, v.BindPFlag(key, flag), v.BindEnv(key, env))
		if flag.Changed || !v.IsSet(key) {
			return
		}
		where := file + ": " + flag.Name
		if os.Getenv(env) != "" {
			where = env
		}
		if err := set(flag, v.Get(key)); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", where, err))
			return
		}
		flag.Changed = true
	})
	return errors.Join(errs...)
}

// read returns the file's values under folded keys.
func (s Source) read() (file string, values map[string]any, err error) {
	file = s.file()
	if file == "" {
		return File, nil, nil
	}
	v := viper.New()
	v.SetConfigFile(file)
	v.SetConfigType("yaml")
	if ext := strings.ToLower(filepath.Ext(file)); ext == ".json" || ext == ".toml" {
		v.SetConfigType(ext[1:])
	}
	src, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return file, nil, fmt.Errorf("%s: no such file", file)
	}
	if err == nil {
		src, err = utf8file.Text(src)
	}
	if encoding := (*utf8file.Error)(nil); errors.As(err, &encoding) {
		return file, nil, fmt.Errorf("%s:%d: %w", file, encoding.Line, err)
	}
	if err == nil {
		err = v.ReadConfig(bytes.NewReader(src))
	}
	if err != nil {
		return file, nil, fmt.Errorf("%s: %w", file, err)
	}
	known := make(map[string]bool, len(s.Known))
	for _, name := range s.Known {
		known[fold(name)] = true
	}
	values = make(map[string]any)
	var unknown []string
	for key, value := range v.AllSettings() {
		if !known[fold(key)] {
			unknown = append(unknown, key)
			continue
		}
		values[fold(key)] = value
	}
	if len(unknown) > 0 {
		slices.Sort(unknown)
		return file, nil, fmt.Errorf("%s: no such setting: %s", file, strings.Join(unknown, ", "))
	}
	return file, values, nil
}

// file returns the settings file's path, empty if there is none.
func (s Source) file() string {
	if s.Path != "" {
		return s.Path
	}
	for _, dir := range s.Dirs {
		path := filepath.Join(dir, File)
		if _, err := os.Lstat(path); err == nil {
			return path
		}
	}
	return ""
}

// fold maps trusted-proxies, trustedProxies and trusted_proxies to one key.
func fold(name string) string {
	return strings.ToLower(strings.NewReplacer("-", "", "_", "").Replace(name))
}

func set(flag *pflag.Flag, value any) error {
	list, isList := flag.Value.(pflag.SliceValue)
	switch value := value.(type) {
	case []any:
		if !isList {
			return errors.New("one value, not a list")
		}
		texts := make([]string, len(value))
		for i, item := range value {
			switch item.(type) {
			case []any, map[string]any:
				return errors.New("a list of plain values")
			}
			texts[i] = fmt.Sprint(item)
		}
		return list.Replace(texts)
	case map[string]any:
		return errors.New("a plain value, not an object")
	case nil:
		return nil
	default:
		text := strings.TrimSpace(fmt.Sprint(value))
		if isList {
			return list.Replace(strings.FieldsFunc(text, separates(flag)))
		}
		if word, ok := switches[strings.ToLower(text)]; ok && flag.Value.Type() == "bool" {
			text = word
		}
		if err := flag.Value.Set(text); err != nil {
			return fmt.Errorf("not a %s", flag.Value.Type())
		}
		return nil
	}
}

// switches are the further words for true and false of YAML 1.1.
var switches = map[string]string{"yes": "true", "on": "true", "no": "false", "off": "false"}

// separates returns a function that reports whether a character separates the
// values of a list: a comma or a space, between paths a comma or PATH's separator.
func separates(flag *pflag.Flag) func(rune) bool {
	if flag.Value.Type() == "stringArray" {
		return func(r rune) bool { return r == ',' || r == filepath.ListSeparator }
	}
	return func(r rune) bool { return r == ',' || r == ' ' }
}
