printf "value one" > secret-a
echo "value two" > secret-b
