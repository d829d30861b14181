// Package settings lets a flag also be given as an environment variable or in a
// file. A flag takes, in this order: the command line, the variable LINTEL_NAME,
// the file's key, its default.
package settings

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"
	"github.com/spf13/viper"
)

// File is the name of the settings file that is read when none is named.
const File = "lintel.yaml"

// IsSetting says whether a flag can be given otherwise than on the command line.
func IsSetting(flag *pflag.Flag) bool { return flag.Name != "help" && flag.Name != "config" }

// Environment gives the name of a flag's environment variable: LINTEL_LOG_LEVEL
// for log-level.
func Environment(flag string) string {
	return "LINTEL_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// Source is where Apply takes settings from.
type Source struct {
	// Path of the settings file. Empty: File in the first of Dirs that has one.
	Path string
	Dirs []string
	// Known are the names of all settings there are: a key of the file that is
	// none of them is an error, one of another command is not.
	Known []string
}

// Apply sets each flag that the command line left alone, as if it were given
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

// read gives the file's values under folded keys.
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
	if err := v.ReadInConfig(); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return file, nil, fmt.Errorf("%s: no such file", file)
		}
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

// file gives the settings file's path, empty when there is none.
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

// fold makes trusted-proxies, trustedProxies and trusted_proxies one name.
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

// switches are the words for true and false that YAML 1.1 has besides.
var switches = map[string]string{"yes": "true", "on": "true", "no": "false", "off": "false"}

// separates says what parts a list in one text: a comma or a space; of paths a
// comma or what parts them in PATH.
func separates(flag *pflag.Flag) func(rune) bool {
	if flag.Value.Type() == "stringArray" {
		return func(r rune) bool { return r == ',' || r == filepath.ListSeparator }
	}
	return func(r rune) bool { return r == ',' || r == ' ' }
}
