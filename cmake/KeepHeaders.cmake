# Headers of packages that a build by pip finds in a folder of its own, another one each time: kept in our build folder, as
# long as they are the same, so that nothing has to be compiled again.
# SPDX-License-Identifier: BSD-3-Clause

# Copies the headers in <folder> to the build folder, and sets <result> to where they are.
function(keep_headers folder result)
  set(kept ${PROJECT_BINARY_DIR}/include/${result})
  file(GLOB_RECURSE headers RELATIVE ${folder} ${folder}/*.h)
  foreach(header IN LISTS headers)
    cmake_path(GET header PARENT_PATH parent)
    file(MAKE_DIRECTORY ${kept}/${parent})
    file(COPY_FILE ${folder}/${header} ${kept}/${header} ONLY_IF_DIFFERENT)
  endforeach()
  set(${result} ${kept} PARENT_SCOPE)
endfunction()
