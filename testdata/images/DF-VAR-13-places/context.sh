mkdir -p "src dir"
echo a > "src dir/a"
echo b > b
echo c > '$weird'
