# Help texts of 100 columns for a narrower terminal: awk -v width=80 -f fit_help.awk FILE. Descriptions
# stay in their column, and lines of a paragraph are joined before they are broken between words.
function flush(  words, count, i, line) {
  if (text == "") return
  count = split(text, words, " ")
  line = head
  for (i = 1; i <= count; ++i) {
    if (length(line) > hang && length(line) + 1 + length(words[i]) > width) {
      print line
      line = sprintf("%" hang "s", "")
    } else if (i > 1 && length(line) > hang) {
      line = line " "
    }
    line = line words[i]
  }
  print line
  text = head = ""
}
# begin HEAD TEXT HANG: a paragraph whose further lines have so many spaces before them.
function begin(new_head, new_text, new_hang) {
  flush()
  head = new_head
  text = new_text
  hang = new_hang
}
/^#/ { next }
/^$/ { flush(); print; next }
/^  -[^ ]*$/ { flush(); print; described = 1; next }  # its description is below
/^  -/ { begin(substr($0, 1, 26), substr($0, 27), 26); described = 1; next }
/^                          [^ ]/ && described {
  if (text != "" && text !~ /\.$/) text = text " " substr($0, 27)
  else begin(sprintf("%26s", ""), substr($0, 27), 26)
  next
}
{
  described = 0
  match($0, /^ */)
  indent = RLENGTH
  if (indent == 0 && text != "" && hang == 0) { text = text " " $0; next }
  hanging = match($0, /^ +[^ ]+   *[^ ]/) ? RLENGTH - 1 : indent  # a list: "  run    measure a model"
  begin(substr($0, 1, hanging), substr($0, hanging + 1), hanging)
}
END { flush() }
